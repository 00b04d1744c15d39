-- The tables of version 1 that are read, with a session, a fork of it and a
-- sub-agent's. The provider said of each answer: prompt 1000 of which 600 were
-- cached, completion 200 of which 120 were reasoning.
CREATE TABLE session (
  id text PRIMARY KEY, project_id text NOT NULL, parent_id text,
  directory text NOT NULL, title text NOT NULL, version text NOT NULL,
  cost real DEFAULT 0 NOT NULL, tokens_input integer DEFAULT 0 NOT NULL,
  tokens_output integer DEFAULT 0 NOT NULL,
  time_created integer NOT NULL, time_updated integer NOT NULL);
CREATE TABLE message (
  id text PRIMARY KEY, session_id text NOT NULL,
  time_created integer NOT NULL, time_updated integer NOT NULL,
  data text NOT NULL);
CREATE TABLE part (
  id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL,
  time_created integer NOT NULL, time_updated integer NOT NULL,
  data text NOT NULL);
CREATE TABLE session_message (
  id text PRIMARY KEY, session_id text NOT NULL, type text NOT NULL,
  seq integer NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL);

INSERT INTO session VALUES
  ('ses_one', 'global', NULL, '/home/ann/web', 'Hello', '1.18.0', 0.00438,
    400, 80, 1778580000000, 1778580009000),
  ('ses_fork', 'global', NULL, '/home/ann/web', 'Hello (fork #1)', '1.18.0',
    0.00876, 800, 160, 1778580100000, 1778580109000),
  ('ses_sub', 'global', 'ses_one', '/home/ann/web', 'Search', '1.18.0', 0, 0,
    0, 1778580003000, 1778580009000);

INSERT INTO message VALUES
  ('msg_u1', 'ses_one', 1778580001000, 1778580001000,
    '{"role":"user","time":{"created":1778580001000},"agent":"build"}'),
  ('msg_a1', 'ses_one', 1778580002000, 1778580008000,
    '{"parentID":"msg_u1","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/ann/web","root":"/home/ann"},"cost":0.00438,"tokens":{"total":1200,"input":400,"output":80,"reasoning":120,"cache":{"write":0,"read":600}},"modelID":"gpt-5.2","providerID":"openai","time":{"created":1778580002000,"completed":1778580008000},"finish":"stop"}'),
  -- The copies in the fork: new ids, else the same.
  ('msg_u1f', 'ses_fork', 1778580001000, 1778580100010,
    '{"role":"user","time":{"created":1778580001000},"agent":"build"}'),
  ('msg_a1f', 'ses_fork', 1778580002000, 1778580100020,
    '{"parentID":"msg_u1f","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/ann/web","root":"/home/ann"},"cost":0.00438,"tokens":{"total":1200,"input":400,"output":80,"reasoning":120,"cache":{"write":0,"read":600}},"modelID":"gpt-5.2","providerID":"openai","time":{"created":1778580002000,"completed":1778580008000},"finish":"stop"}'),
  ('msg_a2', 'ses_fork', 1778580102000, 1778580108000,
    '{"parentID":"msg_u2","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/ann/web","root":"/home/ann"},"cost":0.00438,"tokens":{"total":1200,"input":400,"output":80,"reasoning":120,"cache":{"write":0,"read":600}},"modelID":"gpt-5.2","providerID":"openai","time":{"created":1778580102000,"completed":1778580108000},"finish":"stop"}');

-- The last step's usage once more.
INSERT INTO part VALUES
  ('prt_1', 'msg_a1', 'ses_one', 1778580008000, 1778580008000,
    '{"type":"step-finish","cost":0.00438,"tokens":{"total":1200,"input":400,"output":80,"reasoning":120,"cache":{"write":0,"read":600}}}');
