"""Runs a program on a terminal of its own: ROWS COLUMNS PROGRAM ARGUMENTS.

What is typed comes on standard input, what the terminal shows goes to standard output, and the exit
status is the program's (128 + N where signal N ended it).
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

rows, columns, words = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(words[0], words)
typing = [0]
while True:
    ready, _, _ = select.select([terminal] + typing, [], [])
    if 0 in ready:
        typed = os.read(0, 4096)
        if typed:
            os.write(terminal, typed)
        else:
            typing = []
    if terminal in ready:
        try:
            shown = os.read(terminal, 4096)
        except OSError:
            break
        if not shown:
            break
        os.write(1, shown)
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
