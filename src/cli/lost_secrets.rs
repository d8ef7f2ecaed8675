//! Secrets that nobody can open.

use std::collections::BTreeSet;

use super::configured::to_type;
use crate::config::VaultKeys;
use crate::store::{SealedCount, Store};

/// What is wrong with a key of which only secrets tell.
pub(super) const UNCONFIGURED: &str = "is not configured";
/// The same, where the configuration has it.
pub(super) const NOT_THERE_YET: &str = "the gateway that runs does not have";

/// The names of the keys of a configuration, the one that seals first.
pub(super) fn names_of(keys: Option<&VaultKeys>) -> Vec<String> {
    keys.iter().flat_map(|keys| std::iter::once(&keys.current).chain(&keys.old)).map(|key| key.id.clone()).collect()
}

/// Looks for some in a database that is open, and says which; `missing` says who has no others than these keys.
pub(super) async fn lost_secrets(store: &Store, keys: &[String], missing: &str) -> Option<String> {
    let asked = async { store.read().await?.sealed_counts().await };
    lost(keys, &asked.await.ok()?, missing)
}

/// Which secrets nobody can open, where there are any: their key is missing, and who needs them gets 503.
fn lost(keys: &[String], counts: &[SealedCount], missing: &str) -> Option<String> {
    let lost = counts.iter().filter(|count| count.count > 0 && !keys.contains(&count.key_id));
    let (ids, secrets) = lost.fold((BTreeSet::new(), 0), |(mut ids, secrets), count| {
        ids.insert(count.key_id.as_str());
        (ids, secrets + count.count)
    });
    (!ids.is_empty()).then(|| {
        format!(
            "{secrets} secrets are sealed under a key that {missing} ({}): whom they belong to cannot enter, and gets 503 \
             (hint: {}; {} tells what each key has sealed)",
            ids.into_iter().collect::<Vec<_>>().join(", "),
            mend(missing),
            to_type("vault keys")
        )
    })
}

fn mend(missing: &str) -> String {
    if missing == NOT_THERE_YET {
        return format!("{} puts the keys of the configuration in force", to_type("upgrade"));
    }
    "put that key back as vault.key_file, or among vault.old_key_files".to_owned()
}
