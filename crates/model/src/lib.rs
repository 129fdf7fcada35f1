//! Token ids to logits: a decoder, its training loop, and generation.
