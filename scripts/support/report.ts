// Readable output for a run of steps: numbered, coloured where the terminal can, with the time that each took.
import { styleText } from 'node:util'

export interface Report {
  /** Runs a step under its heading; the first that throws ends the run. */
  step<T>(title: string, task: () => Promise<T>): Promise<T>
  /** A fact that the step found. */
  fact(label: string, value: string): void
  /** Something that was verified; throws where it does not hold. */
  verify(claim: string, holds: boolean, came?: unknown): void
  /** Something that must be refused, with this code; throws where it is not. */
  refused(what: string, code: string, task: () => Promise<unknown>): Promise<void>
  done(): void
}

const colour = process.stdout.isTTY && !process.env.NO_COLOR
const paint = (style: Parameters<typeof styleText>[0], text: string) => (colour ? styleText(style, text) : text)
const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(2)} s`

export function createReport(title: string): Report {
  const began = performance.now()
  let number = 0
  let verified = 0
  process.stdout.write(`\n${paint('bold', title)}\n`)
  const verify = (claim: string, holds: boolean, came?: unknown): void => {
    if (!holds) throw new Error(`not verified: ${claim}${came === undefined ? '' : `; came ${JSON.stringify(came)}`}`)
    verified++
    process.stdout.write(`    ${paint('green', '✔')} ${claim}\n`)
  }
  return {
    async step(heading, task) {
      const from = performance.now()
      process.stdout.write(`\n${paint('cyan', String(++number).padStart(2))}  ${paint('bold', heading)}\n`)
      const result = await task()
      process.stdout.write(`    ${paint('dim', seconds(from))}\n`)
      return result
    },
    fact(label, value) {
      process.stdout.write(`    ${paint('dim', label.padEnd(16))}${value}\n`)
    },
    verify,
    async refused(what, code, task) {
      const outcome = await task().then(
        () => 'accepted',
        (error: unknown) => (error as { code?: unknown }).code,
      )
      verify(`refused: ${what}`, outcome === code, outcome)
    },
    done() {
      process.stdout.write(`\n${paint('green', `✔ ${verified} claims verified`)} in ${seconds(began)}\n\n`)
    },
  }
}

/** Enough of a token to tell two apart, and not enough to use one. */
export function hint(token: string): string {
  return `${token.slice(0, 6)}… (${token.length} characters)`
}
