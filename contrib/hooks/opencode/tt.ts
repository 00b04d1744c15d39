// installed by tt-setup
//
// OpenCode plugin: tells the ledger of each finished message. By hand: copy this
// file to ~/.config/opencode/plugin/tt.ts; without tt-setup it looks for tt-send
// along PATH. What it cannot hand over, the next tt-import finds in OpenCode's
// database: nothing is lost, and nothing is counted twice, for both name a call
// by its session and its message.
//
// Optional toasts, by environment variables of OpenCode:
//   TT_TOAST_MESSAGES=10   one after so many messages
//   TT_TOAST_USD=0.50      one after so much cost
//   TT_TOAST_MINUTES=30    one after so much time, with the next message
//
// It never throws, prints nothing and waits for nobody.

import { spawn } from "node:child_process"
import { existsSync } from "node:fs"

const BINDIR = "@BINDIR@"
const KEPT_MAX = 10000

const program = (name: string) =>
  BINDIR.startsWith("/") && existsSync(`${BINDIR}/${name}`)
    ? `${BINDIR}/${name}`
    : name

type Tokens = {
  total?: number
  input?: number
  output?: number
  reasoning?: number
  cache?: { read?: number; write?: number }
}

type Message = {
  id: string
  sessionID: string
  role: string
  providerID?: string
  modelID?: string
  cost?: number
  tokens?: Tokens
  time?: { created?: number; completed?: number }
  path?: { cwd?: string; root?: string }
  error?: { name?: string }
}

type Session = { id: string; parentID?: string; time?: { created?: number } }

// A count as the ledger takes it; OpenCode may have fractions or nothing.
const count = (n: unknown) =>
  typeof n === "number" && Number.isFinite(n) && n > 0 ? Math.round(n) : 0

// Money as decimal text: a float's "1e-7" is none.
const money = (n: unknown) =>
  typeof n === "number" && Number.isFinite(n) && n > 0
    ? n.toFixed(12)
    : undefined

// The options of tt-send for one message.
function optionsOf(m: Message, s: Session | undefined) {
  const t = m.tokens ?? {}
  const reasoning = count(t.reasoning)
  const options: Record<string, string | number | undefined> = {
    session: m.sessionID,
    message: m.id,
    agent: "opencode",
    source: "hook",
    provider: m.providerID,
    model: m.modelID,
    project: m.path?.cwd,
    ts: m.time?.completed,
    input: count(t.input),
    // OpenCode keeps reasoning apart, the ledger counts it as output.
    output: count(t.output) + reasoning,
    reasoning,
    "cache-read": count(t.cache?.read),
    "cache-write": count(t.cache?.write),
    cost: money(m.cost),
    "parent-session": s?.parentID,
    kind: s?.parentID ? "subagent" : undefined,
  }
  const args = Object.entries(options)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `--${name}=${value}`)
  return m.error ? [...args, "--failed"] : args
}

function hasTokens(t: Tokens | undefined) {
  const { input, output, reasoning, cache } = t ?? {}
  return [input, output, reasoning, cache?.read, cache?.write].some(count)
}

// It has deadlines of its own, and spools where the ledger is away.
function push(options: string[]) {
  const child = spawn(program("tt-send"), ["--quiet", ...options], {
    stdio: "ignore",
    detached: true,
  })
  child.on("error", () => {})
  child.unref()
}

const limit = (name: string) => {
  const n = Number(process.env[name])
  return Number.isFinite(n) && n > 0 ? n : Infinity
}

function toasts(client: any) {
  const every = {
    messages: limit("TT_TOAST_MESSAGES"),
    usd: limit("TT_TOAST_USD"),
    ms: limit("TT_TOAST_MINUTES") * 60000,
  }
  let messages = 0
  let usd = 0
  let since = Date.now()

  return (m: Message) => {
    messages += 1
    usd += m.cost ?? 0
    if (
      messages < every.messages &&
      usd < every.usd &&
      Date.now() - since < every.ms
    )
      return
    const message = `${messages} messages, $${usd.toFixed(4)}`
    messages = 0
    usd = 0
    since = Date.now()
    client.tui
      ?.showToast({ body: { title: "tt", message, variant: "info" } })
      ?.catch?.(() => {})
  }
}

export const TT = async ({ client }: { client: any }) => {
  const sessions = new Map<string, Session>()
  const sent = new Map<string, string>()
  const toast = toasts(client)

  // The session as events told of it, else as the server knows it.
  async function sessionOf(id: string): Promise<Session | undefined> {
    const known = sessions.get(id)
    if (known) return known
    const reply = await client.session.get({ path: { id } })
    if (reply?.data) sessions.set(id, reply.data)
    return reply?.data
  }

  async function onMessage(m: Message) {
    if (m.role !== "assistant" || !m.time?.completed || !hasTokens(m.tokens))
      return
    const s = await sessionOf(m.sessionID)
    // A fork begins with copies: older than the session that they are in.
    if (s?.time?.created && (m.time.created ?? 0) < s.time.created) return
    const options = optionsOf(m, s)
    const line = options.join("\n")
    if (sent.get(m.id) === line) return
    if (!sent.has(m.id)) toast(m)
    if (sent.size >= KEPT_MAX) sent.clear()
    sent.set(m.id, line)
    push(options)
  }

  return {
    event: async ({ event }: { event: any }) => {
      try {
        const info = event?.properties?.info
        if (event?.type === "message.updated" && info) await onMessage(info)
        else if (event?.type === "session.created" && info)
          sessions.set(info.id, info)
        else if (event?.type === "session.deleted" && info)
          sessions.delete(info.id)
      } catch {
        // What is missed here is found by the next import.
      }
    },
  }
}
