//! Secrets that nobody can open.

use std::collections::BTreeSet;

use super::configured::to_type;
use crate::config::VaultKeys;
use crate::store::{SealedCount, Store};

/// Looks for some in a database that is open, and says which.
pub(super) async fn lost_secrets(store: &Store, keys: Option<&VaultKeys>) -> Option<String> {
    let asked = async { store.read().await?.sealed_counts().await };
    lost(keys, &asked.await.ok()?)
}

/// Which secrets nobody can open, where there are any: their key is not configured, and who needs them gets 503.
fn lost(keys: Option<&VaultKeys>, counts: &[SealedCount]) -> Option<String> {
    let configured: Vec<&str> = keys
        .iter()
        .flat_map(|keys| std::iter::once(&keys.current).chain(&keys.old))
        .map(|key| key.id.as_str())
        .collect();
    let lost = counts.iter().filter(|count| count.count > 0 && !configured.contains(&count.key_id.as_str()));
    let (ids, secrets) = lost.fold((BTreeSet::new(), 0), |(mut ids, secrets), count| {
        ids.insert(count.key_id.as_str());
        (ids, secrets + count.count)
    });
    (!ids.is_empty()).then(|| {
        format!(
            "{secrets} secrets are sealed under a key that is not configured ({}): whom they belong to cannot enter, and gets \
             503 (hint: put that key back as vault.key_file, or among vault.old_key_files; {} tells what each key has sealed)",
            ids.into_iter().collect::<Vec<_>>().join(", "),
            to_type("vault keys")
        )
    })
}
