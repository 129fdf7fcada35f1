//! stub
use crate::Verifier;
use rl::{Answer, Problem};
/// stub
pub struct Math;
impl Verifier for Math {
    fn verify(&self, _: &Problem, _: &Answer<'_>) -> Option<f32> {
        None
    }
}
