// Writes generated/ from openapi/oauth.yaml, so that the wire types, operations and validators of this library have
// one source. It runs the generator that users run. `--check` writes nothing and fails where document and committed
// output have drifted apart; CI runs that.
import { generate } from '../src/codegen/index.ts'
import { ownClient } from './support/own-client.ts'

const check = process.argv.includes('--check')
const report = await generate({ ...ownClient, check })

for (const { file, line, column, message, advice } of report.warnings)
  console.error(`${file}:${line}:${column}: ${message}; ${advice}`)
for (const file of report.files)
  console.log(
    `${file.changed ? (check ? 'differs' : 'written') : 'same   '}  generated/${file.name}${file.diff ? `\n${file.diff}` : ''}`,
  )
if (report.outcome === 'drifted' || report.outcome === 'refused') process.exitCode = 1
