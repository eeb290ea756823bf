//! Nested blocks as lines: a sign, a name and a label, and what is inside in braces.
//!
//! As in Terraform, blocks of each name stand apart by an empty line where there are attributes
//! above, and those that stay are counted below.

use super::super::text::count;
use super::print::{Printer, indent};
use super::{Body, Group, Nested, Sign};

/// Said in a block that has a secret in it, as a whole.
const WITHHELD: [&str; 2] = [
    "# At least one attribute in this block is (or was) sensitive,",
    "# so its contents will not be displayed.",
];

impl Printer<'_> {
    /// Those that differ; the others are counted.
    pub(super) fn blocks(&mut self, group: &Group, at: usize) {
        let mut unchanged = 0;
        let mut above = None;
        for block in &group.blocks {
            if block.node.sign == Sign::Same {
                unchanged += 1;
                continue;
            }
            self.apart(group, block, &mut above);
            for note in &block.node.notes {
                self.comment(at, note);
            }
            indent(self.out, at);
            self.sign(block.node.sign);
            self.title(block);
            self.content(block, at);
            self.put("\n");
        }
        if unchanged > 0 {
            self.put("\n");
            let said = count(unchanged, "unchanged block");
            self.comment(at, &format!("# ({said} hidden)"));
        }
    }

    /// All of them, without signs.
    pub(super) fn all_blocks(&mut self, group: &Group, at: usize) {
        let mut above = None;
        for block in &group.blocks {
            self.apart(group, block, &mut above);
            indent(self.out, at + 2);
            self.title(block);
            match &block.node.body {
                Body::Group(inner) if !inner.is_empty() => {
                    self.put("{\n");
                    self.everything_in(inner, at + 4);
                    indent(self.out, at + 2);
                    self.put("}");
                }
                _ => self.content(block, at),
            }
            self.put("\n");
        }
    }

    /// An empty line before the first block of a name.
    fn apart<'g>(&mut self, group: &Group, block: &'g Nested, above: &mut Option<&'g str>) {
        let name = block.name.as_str();
        if *above != Some(name) && !group.entries.is_empty() {
            self.put("\n");
        }
        *above = Some(name);
    }

    /// `name "label" `
    fn title(&mut self, block: &Nested) {
        self.put(&block.name);
        if let Some(label) = &block.label {
            self.put(format_args!(" {}", super::strings::quoted(label)));
        }
        self.put(" ");
    }

    fn content(&mut self, block: &Nested, at: usize) {
        let node = &block.node;
        match &node.body {
            Body::Group(group) if group.is_empty() => {
                self.put("{}");
                if node.forces {
                    self.forces();
                }
            }
            Body::Group(group) => {
                self.open(node.forces);
                self.entries(group, at + 4, false);
                self.close(at);
            }
            Body::Hidden(_) => {
                self.open(node.forces);
                for line in WITHHELD {
                    self.comment(at + 4, line);
                }
                self.close(at);
            }
            _ => self.node(node, at, true, false),
        }
    }

    fn open(&mut self, forces: bool) {
        self.put("{");
        if forces {
            self.forces();
        }
        self.put("\n");
    }

    fn close(&mut self, at: usize) {
        indent(self.out, at + 2);
        self.put("}");
    }
}
