-- Everything the desk keeps. What is sealed is bytea; times are with their zone; ids compare byte by byte.

CREATE TABLE meta (
    name text PRIMARY KEY,
    value bytea NOT NULL
);

-- Each record's own key stands apart from what it seals, and goes first.
CREATE TABLE keys (
    owner text COLLATE "C" PRIMARY KEY,
    wrapped bytea NOT NULL
);

-- --- citizens

CREATE TABLE messages (
    digest text COLLATE "C" PRIMARY KEY,
    at timestamptz NOT NULL
);
CREATE INDEX messages_by_age ON messages (at);

CREATE TABLE conversations (
    key text COLLATE "C" PRIMARY KEY,
    body bytea NOT NULL,
    keep_until timestamptz,
    version bigint NOT NULL
);
CREATE INDEX conversations_by_end ON conversations (keep_until) WHERE keep_until IS NOT NULL;

-- One of several rows of a name counts, so that nobody waits for another's commit.
CREATE TABLE counters (
    name text COLLATE "C" NOT NULL,
    part smallint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (name, part)
);

-- When what is done again and again was last done.
CREATE TABLE rounds (
    name text PRIMARY KEY,
    at timestamptz NOT NULL
);

-- --- situations

-- How many situations were ever opened among those that new inquiries are compared with.
CREATE TABLE pools (
    name text PRIMARY KEY,
    opened bigint NOT NULL
);

CREATE TABLE situations (
    id text COLLATE "C" PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('open', 'resolved', 'closed')),
    lane text NOT NULL,
    nearest text,
    urgent text,
    languages text[] NOT NULL,
    pool text,
    number bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    claimed_by text,
    claimed_until timestamptz,
    staff_wrote_at timestamptz,
    settled_at timestamptz,
    settled_by text,
    draft bytea
);
CREATE INDEX situations_in_queue ON situations ((urgent IS NULL), opened_at, id) WHERE status = 'open';
CREATE INDEX situations_in_pool ON situations (pool, number) WHERE status = 'open' AND pool IS NOT NULL;
CREATE INDEX situations_by_claim ON situations (claimed_until) WHERE claimed_until IS NOT NULL;

CREATE TABLE inquiries (
    id text COLLATE "C" PRIMARY KEY,
    reference text COLLATE "C" NOT NULL UNIQUE,
    situation_id text COLLATE "C" NOT NULL REFERENCES situations,
    status text NOT NULL CHECK (status IN ('open', 'waiting', 'answered', 'closed')),
    channel text NOT NULL,
    address bytea NOT NULL,
    words bytea[] NOT NULL,
    language text NOT NULL,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    urgent text,
    seen_by_staff boolean NOT NULL,
    settled_at timestamptz,
    joined boolean NOT NULL,
    newer_than text COLLATE "C"
);
CREATE INDEX inquiries_by_situation ON inquiries (situation_id, opened_at, id);
CREATE INDEX inquiries_in_order ON inquiries (situation_id, id);
CREATE INDEX inquiries_by_status ON inquiries (situation_id, status);
CREATE INDEX inquiries_settled ON inquiries (status, (urgent IS NOT NULL), settled_at, id) WHERE settled_at IS NOT NULL;
CREATE INDEX inquiries_unclosed ON inquiries (opened_at, id) WHERE status <> 'closed';

CREATE TABLE mailings (
    id text COLLATE "C" PRIMARY KEY,
    situation_id text COLLATE "C" NOT NULL UNIQUE REFERENCES situations,
    kind text NOT NULL CHECK (kind IN ('receipt', 'answer', 'closed', 'called')),
    body bytea,
    staff text NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    after text COLLATE "C" NOT NULL
);

CREATE TABLE deliveries (
    id text COLLATE "C" PRIMARY KEY,
    inquiry_id text COLLATE "C" NOT NULL REFERENCES inquiries,
    body bytea NOT NULL,
    status text NOT NULL CHECK (status IN ('owed', 'placed', 'sent', 'failed', 'dropped')),
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('receipt', 'answer', 'closed', 'called')),
    attempts integer NOT NULL,
    problem text
);
CREATE INDEX deliveries_by_inquiry ON deliveries (inquiry_id, created_at, id);
CREATE INDEX deliveries_owed ON deliveries (created_at, id) INCLUDE (due_at) WHERE status = 'owed';
CREATE INDEX deliveries_undelivered ON deliveries (created_at, id)
    WHERE status = 'failed' OR (status = 'owed' AND attempts > 0);

CREATE TABLE alarms (
    situation_id text COLLATE "C" PRIMARY KEY REFERENCES situations,
    kind text NOT NULL,
    raised_at timestamptz NOT NULL,
    due_at timestamptz,
    rounds integer NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text
);
CREATE INDEX alarms_going ON alarms (raised_at, situation_id) WHERE acknowledged_at IS NULL;

-- --- knowledge

CREATE TABLE entries (
    id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    body bytea NOT NULL,
    author text NOT NULL,
    saved_at timestamptz NOT NULL,
    published_by text[] NOT NULL,
    cleared_by text,
    PRIMARY KEY (id, version)
);

-- --- content versions

CREATE TABLE contents (
    number bigint PRIMARY KEY,
    digest text NOT NULL,
    author text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX contents_by_digest ON contents (digest, number);

-- Archives are compressed already.
CREATE TABLE content_files (
    number bigint PRIMARY KEY,
    body bytea STORAGE EXTERNAL NOT NULL
);

CREATE TABLE content_faults (
    name text PRIMARY KEY,
    body bytea NOT NULL
);

CREATE TABLE learned (
    name text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    body bytea STORAGE EXTERNAL NOT NULL
);

-- --- staff

CREATE TABLE staff (
    name text COLLATE "C" PRIMARY KEY,
    role text NOT NULL,
    password_hash text NOT NULL,
    language text NOT NULL,
    created_at timestamptz NOT NULL,
    disabled boolean NOT NULL,
    lanes text[] NOT NULL,
    second_factor_secret bytea,
    second_factor_used_step bigint,
    second_factor_recovery text[],
    second_factor_since timestamptz,
    factor_reset_by text,
    factor_reset_at timestamptz
);

CREATE TABLE invites (
    digest text COLLATE "C" PRIMARY KEY,
    role text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX invites_by_end ON invites (expires_at);

CREATE TABLE sessions (
    digest text COLLATE "C" PRIMARY KEY,
    staff text COLLATE "C" NOT NULL,
    csrf text NOT NULL,
    started_at timestamptz NOT NULL,
    used_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_staff ON sessions (staff);
CREATE INDEX sessions_by_use ON sessions (used_at);

-- --- the record of reads

CREATE TABLE audit (
    number bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    account text NOT NULL,
    role text,
    act text NOT NULL,
    situation_id text COLLATE "C" NOT NULL,
    "references" text[] NOT NULL,
    reason text,
    second text,
    digest text NOT NULL
);
CREATE INDEX audit_by_account ON audit (account, number);
CREATE INDEX audit_by_situation ON audit (situation_id, number);

CREATE TABLE audit_heads (
    name text PRIMARY KEY,
    number bigint NOT NULL,
    digest text NOT NULL,
    trimmed bigint NOT NULL,
    trimmed_digest text NOT NULL,
    proof text NOT NULL
);

-- --- news

-- What changed, for every process to hear of: never words. By its token a writer that lost its connection while it
-- committed finds out whether it did.
CREATE TABLE changes (
    number bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    token bigint NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    part_of text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX changes_by_transaction ON changes (xid);
