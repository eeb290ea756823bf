//! Leaving for good is asked for by a file in the node's directory, which only the node's own user can write.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::layout::Layout;
use crate::problem::Problem;

/// The file that asks.
pub(super) fn request(layout: &Layout) -> PathBuf {
    layout.run().join("leave")
}

fn refusal(layout: &Layout) -> PathBuf {
    layout.run().join("leave-refused")
}

/// Waits until somebody asks.
pub(super) async fn asked(layout: &Layout) {
    while !request(layout).exists() {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// It was done, or not.
pub(super) fn answer(layout: &Layout, why_not: Option<&Problem>) {
    if let Some(why) = why_not {
        let _ = crate::files::write(&refusal(layout), why.to_string().as_bytes(), 0o600);
    }
    let _ = std::fs::remove_file(request(layout));
}

/// Has the node that runs in a directory leave its cluster, and waits until it ended.
///
/// # Errors
/// When no node runs there, or it cannot leave.
pub async fn leave(directory: &Path, patience: Duration) -> Result<(), Problem> {
    let layout = Layout::new(directory);
    const WHAT: &str = "The node does not leave";
    if !layout.is_locked() {
        let detail = format!(
            "No node runs in {}. Start it first; or end its machine, and the others remove its member.",
            directory.display()
        );
        return Err(Problem::new(WHAT, detail));
    }
    let _ = std::fs::remove_file(refusal(&layout));
    crate::files::write(&request(&layout), b"", 0o600)?;
    let begun = tokio::time::Instant::now();
    while layout.is_locked() {
        if let Ok(why) = std::fs::read_to_string(refusal(&layout)) {
            let _ = std::fs::remove_file(refusal(&layout));
            return Err(Problem::new(WHAT, why));
        }
        if begun.elapsed() > patience {
            let detail = format!(
                "It is not done after {} s, and goes on. See \"kprov node status\".",
                patience.as_secs()
            );
            return Err(Problem::new(WHAT, detail));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
