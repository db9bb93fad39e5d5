//! Values of every type: their text, their conversions and their arithmetic.

mod casts;
mod datetimes;
mod round_trips;
