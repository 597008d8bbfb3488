/**
 * `npm run bench`: what this library costs beside its peers and beside the limit, the raw node:crypto call on
 * the same input. Prints a table and writes bench/results.json. Only the ratios mean anything: they are medians
 * within one run, of rounds in which all contenders take turns, so that a busy machine slows them alike.
 */
import { writeFile } from 'node:fs/promises'
import { arch, cpus } from 'node:os'
import { benchAuthenticatedCall } from './authenticated-call.ts'
import { benchDpopProof } from './dpop-proof.ts'
import { compileLibrary } from './library.ts'
import { formatTable } from './table.ts'
import { benchTokenLookups } from './token-lookups.ts'
import { benchVerifyIdToken } from './verify-id-token.ts'

const library = await compileLibrary()
const results = [
  ...(await benchVerifyIdToken(library)),
  ...(await benchDpopProof(library)),
  ...(await benchAuthenticatedCall(library)),
  ...(await benchTokenLookups(library)),
]
const machine = `Node ${process.versions.node}, ${cpus()[0]?.model ?? arch()}, ${cpus().length} cores`
console.log(`${machine}\n\n${formatTable(results)}`)
const path = new URL('./results.json', import.meta.url)
await writeFile(path, `${JSON.stringify({ date: new Date().toISOString(), machine, results }, undefined, 2)}\n`)
