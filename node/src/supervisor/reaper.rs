//! What ends the components when the supervisor itself is killed: a shell that waits for the end of its standard input,
//! which the kernel closes with the supervisor, however that ended. Then it kills what is on record and still is the same
//! process. (PR_SET_PDEATHSIG would need unsafe code, and goes by threads.)

use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::layout::Layout;

/// Fields of a record: the pid, and when it started.
const SCRIPT: &str = r#"
cat >/dev/null
for record in "$1"/*.pid; do
  read -r pid started <"$record" || continue
  now=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)
  [ -n "$started" ] && [ "$now" = "$started" ] && kill -s KILL -- "-$pid"
done
"#;

/// Starts it. It lives until the given process is dropped, or this program ends. Without a shell there is none, and the next
/// start ends what was left.
pub(super) fn start(layout: &Layout) -> Option<Child> {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(SCRIPT).arg("reaper").arg(layout.run()).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().ok()
}
