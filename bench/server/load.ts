// Requests over twenty connections, written and read by hand: what the load costs must not be in the way of what it
// measures.
import { connect, type Socket } from 'node:net'
import { apiScope, clientId, clientSecret, type Job, type Ready } from './contenders.ts'

export interface Load {
  /** Sends so many requests, as many at once as there are connections; throws for an answer that is not a success. */
  run(count: number): Promise<void>
  close(): void
}

const connections = 20
const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`

export function createLoad(job: Job, { port, refreshTokens }: Ready): Load {
  const lanes = Array.from({ length: connections }, (_, i) => createLane(job, port, refreshTokens[i]))
  return {
    async run(count) {
      let left = count
      await Promise.all(
        lanes.map(async (send) => {
          while (left-- > 0) await send()
        }),
      )
    },
    close() {
      for (const { socket } of lanes) socket.destroy()
    },
  }
}

type Lane = (() => Promise<void>) & { readonly socket: Socket }

/** One connection, one request at a time; a refresh sends what the one before has brought. */
function createLane(job: Job, port: number, firstToken: string | undefined): Lane {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  let [received, refreshToken] = ['', firstToken]
  let settle: ((text: string) => void) | undefined
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    if (!isWhole(received)) return
    const text = received
    received = ''
    settle?.(text)
  })
  const send = async () => {
    const form = new URLSearchParams(
      job === 'refresh with rotation'
        ? { grant_type: 'refresh_token', refresh_token: refreshToken ?? '' }
        : { grant_type: 'client_credentials', scope: apiScope },
    ).toString()
    const answer = await new Promise<string>((resolve) => {
      settle = resolve
      socket.write(
        `POST /token HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: ${authorization}\r\n` +
          `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
      )
    })
    if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`${job}: ${answer}`)
    if (job === 'refresh with rotation') refreshToken = /"refresh_token":"([^"]+)"/.exec(answer)?.[1]
  }
  return Object.assign(send, { socket })
}

function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
  return length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= head + 4 + Number(length)
}
