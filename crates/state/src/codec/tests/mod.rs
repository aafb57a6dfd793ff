//! Golden bytes, round trips and hostile bytes of every row.

mod golden;
mod hostile;
mod round_trip;
