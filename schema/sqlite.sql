CREATE TABLE sectypes_schema_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT sectypes_schema_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> 0001

CREATE TABLE security_types (
    id INTEGER NOT NULL, 
    ticker VARCHAR(64) NOT NULL, 
    security_type VARCHAR(32) NOT NULL, 
    subtype VARCHAR(32), 
    leverage FLOAT DEFAULT (1.0) NOT NULL, 
    origin VARCHAR(16) NOT NULL, 
    raw_label TEXT, 
    name TEXT, 
    last_updated DATETIME NOT NULL, 
    expires_at DATETIME, 
    created_at DATETIME NOT NULL, 
    fmp_data JSON, 
    CONSTRAINT pk_security_types PRIMARY KEY (id), 
    CONSTRAINT uq_security_types_ticker UNIQUE (ticker), 
    CONSTRAINT ck_security_types_security_type CHECK (security_type IN ('equity', 'etf', 'mutual_fund', 'cash', 'bond', 'crypto', 'derivative', 'other')), 
    CONSTRAINT ck_security_types_origin CHECK (origin IN ('provider', 'fmp', 'openfigi', 'snapshot'))
);

CREATE INDEX ix_security_types_expires_at ON security_types (expires_at);

CREATE INDEX ix_security_types_last_updated ON security_types (last_updated);

CREATE INDEX ix_security_types_security_type ON security_types (security_type);

CREATE TABLE security_type_history (
    id INTEGER NOT NULL, 
    ticker VARCHAR(64) NOT NULL, 
    old_type VARCHAR(32) NOT NULL, 
    new_type VARCHAR(32) NOT NULL, 
    origin VARCHAR(16) NOT NULL, 
    raw_label TEXT, 
    changed_at DATETIME NOT NULL, 
    CONSTRAINT pk_security_type_history PRIMARY KEY (id), 
    CONSTRAINT ck_security_type_history_old_type CHECK (old_type IN ('equity', 'etf', 'mutual_fund', 'cash', 'bond', 'crypto', 'derivative', 'other')), 
    CONSTRAINT ck_security_type_history_new_type CHECK (new_type IN ('equity', 'etf', 'mutual_fund', 'cash', 'bond', 'crypto', 'derivative', 'other')), 
    CONSTRAINT ck_security_type_history_origin CHECK (origin IN ('provider', 'fmp', 'openfigi', 'snapshot'))
);

CREATE INDEX ix_security_type_history_ticker ON security_type_history (ticker, changed_at);

CREATE TABLE overrides (
    id INTEGER NOT NULL, 
    ticker VARCHAR(64) NOT NULL, 
    security_type VARCHAR(32) NOT NULL, 
    subtype VARCHAR(32), 
    leverage FLOAT DEFAULT (1.0) NOT NULL, 
    author TEXT NOT NULL, 
    note TEXT NOT NULL, 
    created_at DATETIME NOT NULL, 
    expires_at DATETIME, 
    CONSTRAINT pk_overrides PRIMARY KEY (id), 
    CONSTRAINT uq_overrides_ticker UNIQUE (ticker), 
    CONSTRAINT ck_overrides_security_type CHECK (security_type IN ('equity', 'etf', 'mutual_fund', 'cash', 'bond', 'crypto', 'derivative', 'other'))
);

CREATE TABLE lookup_misses (
    id INTEGER NOT NULL, 
    ticker VARCHAR(64) NOT NULL, 
    status VARCHAR(16) NOT NULL, 
    note TEXT NOT NULL, 
    observed_at DATETIME NOT NULL, 
    expires_at DATETIME NOT NULL, 
    CONSTRAINT pk_lookup_misses PRIMARY KEY (id), 
    CONSTRAINT uq_lookup_misses_ticker UNIQUE (ticker), 
    CONSTRAINT ck_lookup_misses_status CHECK (status IN ('not_found', 'refused_symbol'))
);

CREATE INDEX ix_lookup_misses_expires_at ON lookup_misses (expires_at);

CREATE TABLE api_usage (
    day DATE NOT NULL, 
    calls INTEGER NOT NULL, 
    CONSTRAINT pk_api_usage PRIMARY KEY (day), 
    CONSTRAINT ck_api_usage_calls CHECK (calls >= 0)
);

INSERT INTO sectypes_schema_version (version_num) VALUES ('0001') RETURNING version_num;

-- Running upgrade 0001 -> 0002

ALTER TABLE security_type_history ADD COLUMN old_subtype VARCHAR(32);

ALTER TABLE security_type_history ADD COLUMN old_leverage FLOAT;

ALTER TABLE security_type_history ADD COLUMN old_origin VARCHAR(16);

ALTER TABLE security_type_history ADD COLUMN old_label TEXT;

ALTER TABLE security_type_history ADD COLUMN old_seen DATETIME;

CREATE TABLE ticker_uses (
    ticker VARCHAR(64) NOT NULL, 
    uses BIGINT NOT NULL, 
    CONSTRAINT pk_ticker_uses PRIMARY KEY (ticker), 
    CONSTRAINT ck_ticker_uses_uses CHECK (uses >= 0)
);

CREATE TABLE override_history (
    id INTEGER NOT NULL, 
    ticker VARCHAR(64) NOT NULL, 
    security_type VARCHAR(32) NOT NULL, 
    subtype VARCHAR(32), 
    leverage FLOAT DEFAULT (1.0) NOT NULL, 
    author TEXT NOT NULL, 
    note TEXT NOT NULL, 
    created_at DATETIME NOT NULL, 
    expires_at DATETIME, 
    ended_at DATETIME NOT NULL, 
    CONSTRAINT pk_override_history PRIMARY KEY (id), 
    CONSTRAINT ck_override_history_security_type CHECK (security_type IN ('equity', 'etf', 'mutual_fund', 'cash', 'bond', 'crypto', 'derivative', 'other'))
);

CREATE INDEX ix_override_history_ticker ON override_history (ticker, ended_at);

UPDATE sectypes_schema_version SET version_num='0002' WHERE sectypes_schema_version.version_num = '0001';

-- Running upgrade 0002 -> 0003

CREATE TABLE second_opinions (
    id INTEGER NOT NULL, 
    ticker VARCHAR(64) NOT NULL, 
    security_type VARCHAR(32) NOT NULL, 
    subtype VARCHAR(32), 
    leverage FLOAT DEFAULT (1.0) NOT NULL, 
    origin VARCHAR(16) NOT NULL, 
    raw_label TEXT, 
    name TEXT, 
    last_updated DATETIME NOT NULL, 
    expires_at DATETIME, 
    CONSTRAINT pk_second_opinions PRIMARY KEY (id), 
    CONSTRAINT uq_second_opinions_ticker UNIQUE (ticker), 
    CONSTRAINT ck_second_opinions_security_type CHECK (security_type IN ('equity', 'etf', 'mutual_fund', 'cash', 'bond', 'crypto', 'derivative', 'other')), 
    CONSTRAINT ck_second_opinions_origin CHECK (origin IN ('openfigi'))
);

UPDATE sectypes_schema_version SET version_num='0003' WHERE sectypes_schema_version.version_num = '0002';
