package com.decentdb.r2dbc.types;

import com.decentdb.r2dbc.api.CodecExtension;
import java.math.BigDecimal;

/** Teaches the driver a class of the tests; named in {@code META-INF/services}. */
public final class MoneyExtension implements CodecExtension {

    /** Never below zero. */
    interface Money {

        BigDecimal amount();
    }

    /** A bound value may be of a subclass of the added class. */
    record Coins(BigDecimal amount) implements Money {

        Coins {
            if (amount.signum() < 0) {
                throw new IllegalArgumentException("there is no money below zero");
            }
        }
    }

    @Override
    public void register(Registry registry) {
        registry.add(Money.class, BigDecimal.class, Money::amount, Coins::new);
    }
}
