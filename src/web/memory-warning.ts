import type { WebEventListener } from './web-events.ts'

const message =
  'sessions are kept in memory: every login is gone when this process ends, and no other process knows them. Give createSessions a "store" outside the process, or declare "development: true"'

/** To who listens; else by the runtime's own channel for warnings (Node, Bun, Deno), which a user can turn off. */
export function warnOfMemory(emit: WebEventListener | undefined): void {
  if (emit) {
    emit({ kind: 'memory_store', message })
    return
  }
  const { process } = globalThis as { process?: { emitWarning?: (text: string, options: { code: string }) => void } }
  process?.emitWarning?.(message, { code: 'AUTHENTYPE_MEMORY_STORE' })
}
