//! deepdive, as a library: the verbs and the stages.
