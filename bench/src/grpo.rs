//! Reinforcement learning beside TRL's GRPOTrainer, on one thread.

mod ours;

pub use ours::alone;
