import { readFile, writeFile } from 'node:fs/promises'
import { createOAuthClient, createSessions, requestDeviceAuthorization } from 'authentype'
import { createFileStore, readOrCreateSealingKey } from 'authentype/stores/file'

const { ISSUER: issuer = '', CLIENT_ID: clientId = '', TOOL_HOME: home = '.tool' } = process.env
const keys = [await readOrCreateSealingKey(`${home}/key`)]
const client = createOAuthClient({ issuer, clientId, scope: 'openid offline_access', allowLoopbackHttp: true })
const sessions = createSessions({ client, store: createFileStore(`${home}/records`, { keys }) })
const known = await readFile(`${home}/session`, 'utf8').catch(() => '')
const device = known === '' && (await requestDeviceAuthorization(client))
if (device) console.error(`Open ${device.verificationUri} and enter ${device.userCode}`)
const session = device ? await sessions.create(await device.poll()) : await sessions.get(known)
await writeFile(`${home}/session`, session.id, { mode: 0o600 })
console.log(await (await session.fetch((await client.metadata()).userinfo_endpoint!)).json())
