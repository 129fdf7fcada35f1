//! Byte-pair encoding: train, encode, decode.
