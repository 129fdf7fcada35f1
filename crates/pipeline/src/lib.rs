//! Settings to keys, a plan, a store of immutable outputs, manifests, locks.
