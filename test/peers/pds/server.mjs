// A personal data server of the AT Protocol and the directory of its DIDs, both in this one process, for
// `start-pds.ts`, which runs it as a child: so the names that only exist here, and the trust in this run's
// certificates, reach nobody else. JavaScript, because these packages are installed apart from the project's own.
//
// The one argument is JSON: { directory, tokenMaxAge, hosts: { [host]: port } }. Each of `hosts` is served over TLS
// by the test on 127.0.0.1; NODE_EXTRA_CA_CERTS names the certificate that it is trusted by.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Secp256k1Keypair } from '@atproto/crypto'
import { envToCfg, envToSecrets, PDS } from '@atproto/pds'
import { Database, PlcServer } from '@did-plc/server'
import { Agent, buildConnector, setGlobalDispatcher } from 'undici'

const { directory, tokenMaxAge, hosts } = JSON.parse(process.argv[2])

// Metadata documents of clients are fetched from https hosts without a port; here each is a port of 127.0.0.1.
const connect = buildConnector({})
const dispatcher = new Agent({
  connect(options, callback) {
    const port = hosts[options.hostname]
    if (port !== undefined) {
      return connect({ ...options, hostname: '127.0.0.1', port: String(port) }, callback)
    }
    if (options.hostname === 'localhost' || options.hostname === '127.0.0.1') return connect(options, callback)
    callback(new Error(`${options.hostname} is no host of this test`), null)
  },
})
setGlobalDispatcher(dispatcher)

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

const plcPort = await freePort()
const plc = PlcServer.create({ db: Database.mock(), port: plcPort })
await plc.start()
const directoryUrl = `http://localhost:${plcPort}`

const hex = (bytes) => randomBytes(bytes).toString('hex')
const rotationKey = await Secp256k1Keypair.create({ exportable: true })
const env = {
  port: await freePort(),
  // `localhost` is the one name for which the server takes http: for the address of its pages.
  hostname: 'localhost',
  devMode: true,
  inviteRequired: false,
  serviceHandleDomains: ['.test'],
  didPlcUrl: directoryUrl,
  dataDirectory: directory,
  blobstoreDiskLocation: join(directory, 'blobs'),
  blobstoreDiskTmpLocation: join(directory, 'blobs-tmp'),
  dpopSecret: hex(32),
  jwtSecret: hex(16),
  adminPassword: hex(16),
  plcRotationKeyK256PrivateKeyHex: Buffer.from(await rotationKey.export()).toString('hex'),
}
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
// The server has no setting for the life of an access token; its default is an hour.
pds.ctx.oauthProvider.tokenManager.tokenMaxAge = tokenMaxAge
await pds.start()

/** What the test asks for, by name. */
const wishes = {
  async stop() {
    await pds.destroy()
    await plc.destroy()
    await dispatcher.destroy()
    setImmediate(() => process.exit(0))
  },
  /** As the user does on the server's page of connected applications. */
  async revokeAll(did) {
    const { tokenManager } = pds.ctx.oauthProvider
    for (const { id } of await tokenManager.listAccountTokens(did)) await tokenManager.deleteToken(id)
  },
}
process.on('message', async ({ id, wish, argument }) => {
  await wishes[wish](argument)
  process.send({ done: id })
})
process.on('disconnect', () => process.exit(0))
process.send({ ready: true, url: `http://localhost:${env.port}`, directoryUrl })
