import { readFile, writeFile } from 'node:fs/promises'
import { createOAuthClient, createSessions, requestDeviceAuthorization } from 'authentype'
import { createFileStore, readOrCreateSealingKey } from 'authentype/stores/file'

const { ISSUER: issuer = 'http://127.0.0.1:4000', CLIENT_ID: clientId = 'dev-app' } = process.env
const keys = [await readOrCreateSealingKey('.tool/key')]
const client = createOAuthClient({ issuer, clientId, scope: 'openid profile offline_access', allowLoopbackHttp: true })
const sessions = createSessions({ client, store: createFileStore('.tool/records', { keys }) })
const known = await readFile('.tool/session', 'utf8').catch(() => '')
const device = known === '' && (await requestDeviceAuthorization(client))
if (device) console.error(`Open ${device.verificationUri} and enter ${device.userCode}`)
const session = device ? await sessions.create(await device.poll()) : await sessions.get(known)
await writeFile('.tool/session', session.id, { mode: 0o600 })
console.log(await (await session.fetch((await client.metadata()).userinfo_endpoint!)).json())
