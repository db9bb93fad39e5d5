package com.decentdb.r2dbc.spring;

import org.springframework.data.relational.core.dialect.LimitClause;
import org.springframework.data.relational.core.sql.Functions;
import org.springframework.data.relational.core.sql.SQL;
import org.springframework.data.relational.core.sql.SimpleFunction;

/** The dialect of a dqlite cluster, which runs SQLite's SQL, where that differs from DecentDB's. */
final class ClusterDialect extends DecentDbDialect {

    static final ClusterDialect INSTANCE = new ClusterDialect();

    private ClusterDialect() {
        super(Converters.CLUSTER);
    }

    /** SQLite knows {@code OFFSET} only behind a {@code LIMIT}; minus one is without limit. */
    @Override
    public LimitClause limit() {
        return Limit.INSTANCE;
    }

    /** SQLite has no {@code LEAST}. */
    @Override
    public SimpleFunction getExistsFunction() {
        return Functions.count(SQL.literalOf(1));
    }

    private enum Limit implements LimitClause {
        INSTANCE;

        @Override
        public String getLimit(long limit) {
            return "LIMIT " + limit;
        }

        @Override
        public String getOffset(long offset) {
            return "LIMIT -1 OFFSET " + offset;
        }

        @Override
        public String getLimitOffset(long limit, long offset) {
            return "LIMIT " + limit + " OFFSET " + offset;
        }

        @Override
        public Position getClausePosition() {
            return Position.AFTER_ORDER_BY;
        }
    }
}
