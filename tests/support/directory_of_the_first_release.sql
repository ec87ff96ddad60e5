BEGIN TRANSACTION;
CREATE TABLE agent_providers (
	agent_id BIGINT NOT NULL, 
	provider_id BIGINT NOT NULL, 
	CONSTRAINT pk_agent_providers PRIMARY KEY (agent_id, provider_id), 
	CONSTRAINT fk_agent_providers_agent_id FOREIGN KEY(agent_id) REFERENCES agents (agent_id), 
	CONSTRAINT fk_agent_providers_provider_id FOREIGN KEY(provider_id) REFERENCES providers (provider_id)
);
INSERT INTO "agent_providers" VALUES(1,7);
CREATE TABLE agents (
	agent_id BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	name_folded TEXT NOT NULL, 
	parent_id BIGINT, 
	state TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	time_zone TEXT NOT NULL, 
	revision TEXT NOT NULL, 
	callback_url TEXT NOT NULL, 
	allow_list JSON NOT NULL, 
	overdraft_allowed BOOLEAN NOT NULL, 
	tombstones_shown BOOLEAN NOT NULL, 
	in_flight_max INTEGER, 
	retry JSON NOT NULL, 
	version BIGINT NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	CONSTRAINT pk_agents PRIMARY KEY (agent_id), 
	CONSTRAINT uq_agents_name_folded UNIQUE (name_folded), 
	CONSTRAINT fk_agents_parent_id FOREIGN KEY(parent_id) REFERENCES agents (agent_id)
);
INSERT INTO "agents" VALUES(1,'acme','acme',NULL,'approved','EUR','UTC','guid','https://wallet.example.com/callback','[]',0,0,NULL,'{}',8,1790000000000);
INSERT INTO "agents" VALUES(2,'child','child',1,'unapproved','JPY','UTC','guid','https://child.example.com/cb','[]',0,0,NULL,'{}',5,1790000000000);
CREATE TABLE credentials (
	owner TEXT NOT NULL, 
	owner_id BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	serial INTEGER NOT NULL, 
	lookup TEXT, 
	secret_hash BLOB, 
	sealed BLOB, 
	fingerprint TEXT NOT NULL, 
	starts_at_ms BIGINT NOT NULL, 
	ends_at_ms BIGINT, 
	created_at_ms BIGINT NOT NULL, 
	CONSTRAINT pk_credentials PRIMARY KEY (owner, owner_id, kind, serial)
);
INSERT INTO "credentials" VALUES('agent',1,'api',1,'Ud3OgMjV',X'15A93BB0273BE382275ADF8C983E2663952E1DC74829DDDBB2EFB205DB5F6634',NULL,'c70c58bd7a6e',1790000000000,NULL,1790000000000);
INSERT INTO "credentials" VALUES('agent',1,'callback',1,NULL,NULL,X'01726BE2FF016DFA5E22633FC334A0F4233F02A00B13B157A1CA80C401E30E2B3D7CAD7C8CAE8C8F8E21C1D03AF2283037DFF8304576AE635AAF04B597BCA4F3441041C9B601C7D3F3288198F40E60DC33E4FD521DA59EEB67BF8BAC22AE','be71828ed058',1790000000000,NULL,1790000000000);
INSERT INTO "credentials" VALUES('agent',1,'signing',1,NULL,NULL,X'01726BE2FF6CB7BEB0C6ADDE289881A047727AEDB5168B2E2F28BCB3BB11AFAA532A808E6CAB9C27368BA9C5D0AAAFE9AF282DC586B48A0790DFC77771448390D2','4d692be97b77',1790000000000,NULL,1790000000000);
INSERT INTO "credentials" VALUES('provider',7,'provider',1,'XYrRz8Oy',X'18BEC97EB3BCC47B2261C465ABF13C31952C4C0BCF57E09080D259114238E2A7',NULL,'2abd91279767',1790000000000,NULL,1790000000000);
INSERT INTO "credentials" VALUES('agent',2,'api',1,'X60ijQ9r',X'1F44C5D33A21FBF1833BDC7B5DDEB6831124FEC63BDAE8631B26DCA3FF4E874C',NULL,'10322d23a170',1790000000000,NULL,1790000000000);
INSERT INTO "credentials" VALUES('agent',2,'callback',1,NULL,NULL,X'01726BE2FFC7897E4487F36D5593AB8636F9FA86EA6175C3309CAE4C243EEFE3FCF72BC1A34F33AF0EAFD3FEFE18673C6A67183418EC199DF7C5C6DEDF49CDA75FA08BC217126BE58CAD17EDD90204789A6E6877294078844068AEA53734','c5c0d3e7dbb0',1790000000000,NULL,1790000000000);
INSERT INTO "credentials" VALUES('agent',2,'signing',1,NULL,NULL,X'01726BE2FF113D8807AFA62DC2C2BAC83D412B9347E792BC0AD1AAD8DF8AC0CDAEED166FFACCAD80C3ED114885514B8F359979C61A76BB8C8F744F968A343B236E','8d20f76526af',1790000000000,NULL,1790000000000);
INSERT INTO "credentials" VALUES('provider',9,'provider',1,'0h6GOLCj',X'F6E27206F78059715BE264512E97B17290FFC8B982B8A9D9E5E88B8B641204CA',NULL,'534b1c4ca1a5',1790000000000,NULL,1790000000000);
CREATE TABLE directory_audit (
	version BIGINT NOT NULL, 
	at_ms BIGINT NOT NULL, 
	actor TEXT NOT NULL, 
	tag TEXT NOT NULL, 
	target TEXT NOT NULL, 
	old TEXT NOT NULL, 
	new TEXT NOT NULL, 
	reason TEXT, 
	seal BLOB NOT NULL, 
	CONSTRAINT pk_directory_audit PRIMARY KEY (version)
);
INSERT INTO "directory_audit" VALUES(1,1790000000000,'hub','system:agent:add','agent:1','{}','{"allow_list": [], "api_secret": "secret c70c58bd7a6e", "callback_secret": "secret be71828ed058", "callback_url": "https://wallet.example.com/callback", "currency": "EUR", "in_flight_max": null, "name": "acme", "overdraft_allowed": false, "parent_id": null, "retry": {}, "revision": "guid", "signing_secret": "secret 4d692be97b77", "state": "unapproved", "time_zone": "UTC", "tombstones_shown": false}',NULL,X'2744511965B5256C5D08A5F6C7E7A72FDAE0F893B509FE49CE39D4DC27A10010');
INSERT INTO "directory_audit" VALUES(2,1790000000000,'hub','system:provider:add','provider:7','{}','{"allow_list": [], "cancel_after_win": false, "currencies": [], "launch_url": "https://play.example.com/start?s={session}&g={game_code}", "name": "Pixel Works", "names": {}, "provider_id": 7, "provider_secret": "secret 2abd91279767", "replay_url": null, "status": 1, "wins_without_bet": false}',NULL,X'25250F6A1EE778F884D19D4B2358FE1F511A95F54BD8D3593564D25331F81FF5');
INSERT INTO "directory_audit" VALUES(3,1790000000000,'hub','system:provider:import-games','provider:7','{}','{"added": 1, "changed": 0, "unchanged": 0}',NULL,X'D5CBC93FB83B5629AE49358DA5AF674E24AC24487C6D189614851BCDC779339A');
INSERT INTO "directory_audit" VALUES(4,1790000000000,'hub','system:agent:assign','agent:1','{"providers": []}','{"providers": [7]}',NULL,X'9DB421346326EA50222DA165B58C41B80D597CC4E0A28E86DE75F0E2B4F3F066');
INSERT INTO "directory_audit" VALUES(5,1790000000000,'hub','system:agent:add','agent:2','{}','{"allow_list": [], "api_secret": "secret 10322d23a170", "callback_secret": "secret c5c0d3e7dbb0", "callback_url": "https://child.example.com/cb", "currency": "JPY", "in_flight_max": null, "name": "child", "overdraft_allowed": false, "parent_id": 1, "retry": {}, "revision": "guid", "signing_secret": "secret 8d20f76526af", "state": "unapproved", "time_zone": "UTC", "tombstones_shown": false}',NULL,X'DB730BC6C743AA396730635969C844A38A1F81E80C803B7F6FFE98CFCE6A9A60');
INSERT INTO "directory_audit" VALUES(6,1790000000000,'hub','system:provider:add','provider:9','{}','{"allow_list": [], "cancel_after_win": false, "currencies": ["EUR"], "launch_url": "https://play.example.com/start?s={session}&g={game_code}", "name": "Other", "names": {"ko": "다른"}, "provider_id": 9, "provider_secret": "secret 534b1c4ca1a5", "replay_url": null, "status": 1, "wins_without_bet": false}',NULL,X'C8B68630FCF6E69AC60D23809C0258059E0593902B0BFCB3854FCF45D7FBFBB4');
INSERT INTO "directory_audit" VALUES(7,1790000000000,'hub','system:provider:import-games','provider:9','{}','{"added": 1, "changed": 0, "unchanged": 0}',NULL,X'940288E432E83F339421D81244DA56DC0E4D348BA3C42EF875A23D92472D49F3');
INSERT INTO "directory_audit" VALUES(8,1790000000000,'hub','system:agent:approved','agent:1','{"state": "unapproved"}','{"state": "approved"}','known',X'F0624BA2D96D6EA2B418F2806C55C8B87A19AB2A531A7802752D73111C3858D8');
INSERT INTO "directory_audit" VALUES(9,1790000000000,'hub','system:user:block','user:400000001','{"blocked": false}','{"blocked": true}','test',X'02B32B2A64495724C24C48E9DDECCD8F892BB38BC65586B5B3206E87F91F4F9B');
CREATE TABLE directory_changes (
	version BIGINT NOT NULL, 
	subject TEXT NOT NULL, 
	subject_id BIGINT NOT NULL, 
	at_ms BIGINT NOT NULL, 
	CONSTRAINT pk_directory_changes PRIMARY KEY (version)
);
INSERT INTO "directory_changes" VALUES(1,'agent',1,1790000000000);
INSERT INTO "directory_changes" VALUES(2,'provider',7,1790000000000);
INSERT INTO "directory_changes" VALUES(3,'provider',7,1790000000000);
INSERT INTO "directory_changes" VALUES(4,'agent',1,1790000000000);
INSERT INTO "directory_changes" VALUES(5,'agent',2,1790000000000);
INSERT INTO "directory_changes" VALUES(6,'provider',9,1790000000000);
INSERT INTO "directory_changes" VALUES(7,'provider',9,1790000000000);
INSERT INTO "directory_changes" VALUES(8,'agent',1,1790000000000);
INSERT INTO "directory_changes" VALUES(9,'user',400000001,1790000000000);
CREATE TABLE directory_sequences (
	name TEXT NOT NULL, 
	last_number BIGINT NOT NULL, 
	CONSTRAINT pk_directory_sequences PRIMARY KEY (name)
);
INSERT INTO "directory_sequences" VALUES('agent_id',2);
INSERT INTO "directory_sequences" VALUES('user_code',400000001);
INSERT INTO "directory_sequences" VALUES('gplay_id',1);
CREATE TABLE directory_version (
	only_row INTEGER NOT NULL CONSTRAINT ck_directory_version_one_row CHECK (only_row = 1), 
	version BIGINT NOT NULL, 
	CONSTRAINT pk_directory_version PRIMARY KEY (only_row)
);
INSERT INTO "directory_version" VALUES(1,9);
CREATE TABLE games (
	provider_id BIGINT NOT NULL, 
	game_code TEXT NOT NULL, 
	name TEXT NOT NULL, 
	names JSON NOT NULL, 
	category TEXT NOT NULL, 
	sub_category TEXT NOT NULL, 
	image TEXT NOT NULL, 
	image_narrow TEXT NOT NULL, 
	launch_enable BOOLEAN NOT NULL, 
	status INTEGER NOT NULL, 
	reg_date TEXT NOT NULL, 
	CONSTRAINT pk_games PRIMARY KEY (provider_id, game_code), 
	CONSTRAINT fk_games_provider_id FOREIGN KEY(provider_id) REFERENCES providers (provider_id)
);
INSERT INTO "games" VALUES(7,'fruits','Fruits','{}','Slots','','','',1,1,'2026-01-31T00:00:00Z');
INSERT INTO "games" VALUES(9,'dice','Fruits','{"ko": "\uc8fc\uc0ac\uc704"}','mini','','','',1,2,'2026-01-31T00:00:00Z');
CREATE TABLE launches (
	token_hash BLOB NOT NULL, 
	agent_id BIGINT NOT NULL, 
	user_code BIGINT NOT NULL, 
	account TEXT NOT NULL, 
	provider_id BIGINT NOT NULL, 
	game_code TEXT NOT NULL, 
	lang INTEGER NOT NULL, 
	return_url TEXT NOT NULL, 
	permissions JSON, 
	created_at_ms BIGINT NOT NULL, 
	opened_at_ms BIGINT, 
	CONSTRAINT pk_launches PRIMARY KEY (token_hash)
);
INSERT INTO "launches" VALUES(X'8687B242BCD35AA6CA892851F3741C9B0A18A16A1ECFF9F0EE7ED1855AA59194',1,400000001,'Bob',7,'fruits',1,'https://casino.example.com/lobby',NULL,1790000000000,1790000001000);
CREATE TABLE providers (
	provider_id BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	name_folded TEXT NOT NULL, 
	names JSON NOT NULL, 
	status INTEGER NOT NULL, 
	currencies JSON NOT NULL, 
	launch_url TEXT NOT NULL, 
	replay_url TEXT, 
	wins_without_bet BOOLEAN NOT NULL, 
	cancel_after_win BOOLEAN NOT NULL, 
	allow_list JSON NOT NULL, 
	version BIGINT NOT NULL, 
	created_at_ms BIGINT NOT NULL, 
	CONSTRAINT pk_providers PRIMARY KEY (provider_id), 
	CONSTRAINT uq_providers_name_folded UNIQUE (name_folded)
);
INSERT INTO "providers" VALUES(7,'Pixel Works','pixel works','{}',1,'[]','https://play.example.com/start?s={session}&g={game_code}',NULL,0,0,'[]',2,1790000000000);
INSERT INTO "providers" VALUES(9,'Other','other','{"ko": "\ub2e4\ub978"}',1,'["EUR"]','https://play.example.com/start?s={session}&g={game_code}',NULL,0,0,'[]',6,1790000000000);
CREATE TABLE sessions (
	gplay_id BIGINT NOT NULL, 
	token_hash BLOB NOT NULL, 
	agent_id BIGINT NOT NULL, 
	user_code BIGINT NOT NULL, 
	account TEXT NOT NULL, 
	provider_id BIGINT NOT NULL, 
	game_code TEXT NOT NULL, 
	permissions JSON, 
	opened_at_ms BIGINT NOT NULL, 
	last_call_at_ms BIGINT NOT NULL, 
	ended_at_ms BIGINT, 
	return_url TEXT NOT NULL, 
	lang INTEGER NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (gplay_id), 
	CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash)
);
INSERT INTO "sessions" VALUES(1,X'B16639434F6AEA072ED621A3DF28F2A84E63CBD19494149CB28E8DC9117AA62D',1,400000001,'Bob',7,'fruits',NULL,1790000001000,1790000001000,NULL,'https://casino.example.com/lobby',1);
CREATE TABLE users (
	user_code BIGINT NOT NULL, 
	agent_id BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	name_folded TEXT NOT NULL, 
	blocked BOOLEAN NOT NULL, 
	first_seen_ms BIGINT NOT NULL, 
	last_seen_ms BIGINT NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (user_code), 
	CONSTRAINT uq_users_agent_id_name_folded UNIQUE (agent_id, name_folded), 
	CONSTRAINT fk_users_agent_id FOREIGN KEY(agent_id) REFERENCES agents (agent_id)
);
INSERT INTO "users" VALUES(400000001,1,'Bob','bob',1,1790000000000,1790000001000);
CREATE INDEX ix_launches_created_at_ms ON launches (created_at_ms);
CREATE INDEX ix_sessions_agent_id_last_call_at_ms ON sessions (agent_id, last_call_at_ms);
CREATE TRIGGER directory_audit_no_update BEFORE UPDATE ON directory_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER directory_audit_no_delete BEFORE DELETE ON directory_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
COMMIT;
