package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.api.DecentDbConnectionMetadata;
import com.decentdb.r2dbc.api.EngineInfo;

/** The engine behind a connection, for its users. */
record DefaultConnectionMetadata(EngineInfo engine, String product) implements DecentDbConnectionMetadata {

    @Override
    public String getDatabaseProductName() {
        return product;
    }

    @Override
    public String getDatabaseVersion() {
        return engine.version();
    }
}
