// Debian's Chromium, driven by playwright-core, over pages that are bundled from the source and served on loopback.
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'
import { type Browser, chromium } from 'playwright-core'
import { canRun } from './local-servers.ts'

const executablePath = '/usr/bin/chromium'

export const hasChromium: boolean = canRun('chromium', existsSync(executablePath), 'chromium')

/** Without these, Chromium asks the world outside at its start, and waits. */
const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic']

/** @param more arguments of this test's own */
export async function launchChromium(more: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...quiet, ...more],
  })
}

export interface ServedPage {
  readonly origin: string
  close(): Promise<void>
}

/** An empty page that runs the given TypeScript file. */
export async function servePage(entryPoint: string): Promise<ServedPage> {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // The source, where a package would have its build.
    alias: { '#signatures': join(import.meta.dirname, '../../src/lib/signatures/web.ts') },
  })
  const script = outputFiles[0]!.text
  const server: Server = createServer((request, response) => {
    const isScript = request.url === '/script.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
    response.end(
      isScript ? script : '<!doctype html><title>test</title><script type="module" src="/script.js"></script>',
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
