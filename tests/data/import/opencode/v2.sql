-- The tables of version 2 that are read, with a session and two forks of it.
-- Copies keep their seq; those of the second fork have the time of the copying.
CREATE TABLE session_v2 (
  id text PRIMARY KEY, project_id text NOT NULL, parent_id text,
  fork_session_id text, fork_boundary text, directory text NOT NULL,
  title text, time_created integer NOT NULL, time_updated integer NOT NULL);
CREATE TABLE session_message (
  id text PRIMARY KEY, session_id text NOT NULL, type text NOT NULL,
  seq integer NOT NULL, time_created integer NOT NULL,
  time_updated integer NOT NULL, data text NOT NULL);

INSERT INTO session_v2 VALUES
  ('ses_one', 'global', NULL, NULL, NULL, '/home/ann/web', 'Hello',
    1778580000000, 1778580009000),
  ('ses_fork', 'global', NULL, 'ses_one', 'msg_a1', '/home/ann/web', 'Hello',
    1778580100000, 1778580109000),
  ('ses_again', 'global', NULL, 'ses_one', 'msg_a1g', '/home/ann/web', 'Hello',
    1778580200000, 1778580209000);

INSERT INTO session_message VALUES
  ('msg_u1', 'ses_one', 'user', 1, 1778580001000, 1778580001000,
    '{"text":"hello","time":{"created":1778580001000}}'),
  ('msg_a1', 'ses_one', 'assistant', 2, 1778580002000, 1778580008000,
    '{"agent":"build","model":{"id":"gpt-5.2","providerID":"openai"},"cost":0.00438,"tokens":{"input":400,"output":80,"reasoning":120,"cache":{"write":0,"read":600}},"time":{"created":1778580002000,"completed":1778580008000},"finish":"stop","content":[]}'),
  ('msg_a1f', 'ses_fork', 'assistant', 2, 1778580002000, 1778580100020,
    '{"agent":"build","model":{"id":"gpt-5.2","providerID":"openai"},"cost":0.00438,"tokens":{"input":400,"output":80,"reasoning":120,"cache":{"write":0,"read":600}},"time":{"created":1778580002000,"completed":1778580008000},"finish":"stop","content":[]}'),
  ('msg_a2', 'ses_fork', 'assistant', 3, 1778580102000, 1778580108000,
    '{"agent":"build","model":{"id":"gpt-5.2","providerID":"openai"},"cost":0.00438,"tokens":{"input":400,"output":80,"reasoning":120,"cache":{"write":0,"read":600}},"time":{"created":1778580102000,"completed":1778580108000},"finish":"stop","content":[]}'),
  ('msg_a1g', 'ses_again', 'assistant', 2, 1778580200010, 1778580200020,
    '{"agent":"build","model":{"id":"gpt-5.2","providerID":"openai"},"cost":0.00438,"tokens":{"input":400,"output":80,"reasoning":120,"cache":{"write":0,"read":600}},"time":{"created":1778580200010,"completed":1778580200010},"finish":"stop","content":[]}'),
  ('msg_a3', 'ses_again', 'assistant', 3, 1778580202000, 1778580208000,
    '{"agent":"build","model":{"id":"gpt-5.2","providerID":"openai"},"cost":0,"tokens":{"input":400,"output":80,"reasoning":120,"cache":{"write":0,"read":600}},"time":{"created":1778580202000,"completed":1778580208000},"finish":"stop","content":[]}');
