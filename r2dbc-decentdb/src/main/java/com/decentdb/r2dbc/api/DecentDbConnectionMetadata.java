package com.decentdb.r2dbc.api;

import io.r2dbc.spi.ConnectionMetadata;

/** The database product and engine behind a connection. */
public interface DecentDbConnectionMetadata extends ConnectionMetadata {

    /**
     * The engine: its version, the library it came from and how that was found.
     *
     * @return the engine that runs the SQL
     */
    EngineInfo engine();
}
