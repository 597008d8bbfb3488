import { describe, expect, it } from 'vitest'
import { nextPoll, startPolling } from '../../src/protocol/polling.ts'

describe('polling', () => {
  it('takes five seconds where the server does not say (RFC 8628 3.2)', () => {
    expect(startPolling(undefined)).toEqual({ interval: 5000, wait: 5000 })
  })

  it('waits as the server says before the first poll, and a second where it says none', () => {
    expect(startPolling(12)).toEqual({ interval: 12_000, wait: 12_000 })
    expect(startPolling(0)).toEqual({ interval: 1000, wait: 1000 })
  })

  it('keeps its pace while the user has not answered', () => {
    expect(nextPoll(5000, { kind: 'pending' })).toEqual({ interval: 5000, wait: 5000 })
  })

  it('is five seconds slower for good after each slow_down (RFC 8628 3.5)', () => {
    const once = nextPoll(5000, { kind: 'slow_down' })
    expect(once.interval).toBe(10_000)
    expect(nextPoll(once.interval, { kind: 'slow_down' }).interval).toBe(15_000)
    expect(nextPoll(once.interval, { kind: 'pending' }).interval).toBe(10_000)
  })

  it('doubles its interval after a lost answer, up to a minute, and never quickens (RFC 8628 3.5)', () => {
    expect(nextPoll(5000, { kind: 'unreachable' }).interval).toBe(10_000)
    expect(nextPoll(40_000, { kind: 'unreachable' }).interval).toBe(60_000)
    expect(nextPoll(90_000, { kind: 'unreachable' }).interval).toBe(90_000)
  })

  it('waits for Retry-After once, and keeps its interval', () => {
    expect(nextPoll(5000, { kind: 'pending', retryAfter: 30_000 })).toEqual({ interval: 5000, wait: 30_000 })
    expect(nextPoll(5000, { kind: 'pending', retryAfter: 1000 }).wait).toBe(5000)
  })
})
