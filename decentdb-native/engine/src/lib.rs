//! The bundled engine: the DecentDB C ABI v7 over SQLite.

mod abi;
mod c_layout;
mod catalog;
mod engine;
mod error;
mod functions;
mod search;
mod spatial;
mod sql;
mod sqlite;
mod stack;
mod types;
mod value;

/// The engine's version, as the schema snapshot reports it.
const ENGINE_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+bundled");

/// The parts that integration tests and the benchmark call from Rust. Nothing else is public but the C functions.
#[doc(hidden)]
pub mod testing {
    pub mod abi {
        pub use crate::abi::*;
    }

    pub mod c_layout {
        pub use crate::c_layout::{PlanCacheSummary, RowI64TextF64, ValueView, WriteQueueMetrics};
    }

    pub mod catalog {
        pub use crate::catalog::{
            apply, create_storage, describe_table_json, list_indexes_json, list_tables_json, load,
            schema_snapshot_json, tooling_metadata_json, Catalog, Table,
        };
    }

    pub mod error {
        pub use crate::error::{Error, Result, Status};
    }

    pub mod functions {
        pub use crate::functions::{decode_error, register};
    }

    pub mod sql {
        pub use crate::sql::{
            bind, compile, constraint_error, describe_json, foreign_key_error, suspects, Compiled, Program, Sizes,
        };
    }

    pub mod types {
        pub use crate::types::{convert, iso_text, load, store, to_text, Conversion, Raw};

        pub mod datetime {
            pub use crate::types::datetime::{
                add_interval, civil_from_days, days_from_civil, format_timestamp, parse_date, parse_time,
                parse_timestamptz, DAY_MICROS,
            };
        }

        pub mod decimal {
            pub use crate::types::decimal::{
                add, ceil, collate, compare, cut, divide, floor, format, multiply, parse, remainder, round, subtract,
            };
        }

        pub mod interval {
            pub use crate::types::interval::{age, between, length, parse, scale};
        }

        pub mod network {
            pub use crate::types::network::{mask, parse_cidr, parse_mac};
        }

        pub mod uuid {
            pub use crate::types::uuid::{format, parse};
        }
    }

    pub mod value {
        pub use crate::value::{Stored, Type, Value};
    }
}
