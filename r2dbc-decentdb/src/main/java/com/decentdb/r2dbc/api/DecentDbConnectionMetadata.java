package com.decentdb.r2dbc.api;

import io.r2dbc.spi.ConnectionMetadata;

/** What a connection talks to. */
public interface DecentDbConnectionMetadata extends ConnectionMetadata {

    /**
     * The engine: its version, the library it came from and how that was found.
     *
     * @return what runs the SQL
     */
    EngineInfo engine();
}
