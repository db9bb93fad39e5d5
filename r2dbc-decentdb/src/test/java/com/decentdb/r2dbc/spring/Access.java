package com.decentdb.r2dbc.spring;

import com.decentdb.r2dbc.DecentDb;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;

/** The ways an application of Spring gets its connections. */
enum Access {

    /** {@code spring.r2dbc.url} with pooling off. */
    FACTORY {
        @Override
        ConnectionFactory open(String url) {
            return ConnectionFactories.get(url);
        }
    },

    /** A bean made by {@link DecentDb#createPool(String)}. */
    POOL {
        @Override
        ConnectionFactory open(String url) {
            return DecentDb.createPool(url + "&maxSize=4");
        }
    },

    /** {@code spring.r2dbc.url} of a pool. */
    POOL_URL {
        @Override
        ConnectionFactory open(String url) {
            return ConnectionFactories.get(url.replace("r2dbc:", "r2dbc:pool:") + "&initialSize=1&maxSize=4");
        }
    },

    /** {@code spring.r2dbc.url} of a pool of connections to a cluster. */
    CLUSTER {
        @Override
        ConnectionFactory open(String url) {
            return POOL_URL.open(url);
        }
    };

    abstract ConnectionFactory open(String url);
}
