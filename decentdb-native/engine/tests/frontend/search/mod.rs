//! Full-text, trigram and spatial indexes.

mod fulltext;
mod spatial;
mod trigrams;
