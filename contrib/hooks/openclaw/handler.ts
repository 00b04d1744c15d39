// installed by tt-setup
//
// OpenClaw hook on agent:bootstrap; see HOOK.md beside it. It never throws and
// takes a second at the most.

import { execFile } from "node:child_process"
import { existsSync } from "node:fs"

const BINDIR = "@BINDIR@"
const TIMEOUT_MS = 1000
const TEXT_MAX = 16384

const program =
  BINDIR.startsWith("/") && existsSync(`${BINDIR}/tt-notices`)
    ? `${BINDIR}/tt-notices`
    : "tt-notices"

function notices(): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      program,
      ["--claim"],
      { timeout: TIMEOUT_MS, maxBuffer: TEXT_MAX },
      (error, stdout) => resolve(error ? "" : stdout.trim()),
    )
  })
}

const isSubagent = (key: unknown) =>
  typeof key === "string" && /(^|:)subagent:/.test(key)

export default async function handler(event: any) {
  try {
    if (event?.type !== "agent" || event?.action !== "bootstrap") return
    const context = event.context
    if (!Array.isArray(context?.bootstrapFiles)) return
    if (isSubagent(context.sessionKey ?? event.sessionKey)) return
    const content = await notices()
    if (content === "") return
    context.bootstrapFiles = [
      ...context.bootstrapFiles,
      {
        name: "TT_NOTICES.md",
        path: `${context.workspaceDir ?? ""}/TT_NOTICES.md`,
        content,
        missing: false,
      },
    ]
  } catch {
    // A session starts with or without notices.
  }
}
