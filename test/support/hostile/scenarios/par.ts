import { absent } from '../patch.ts'
import { refused, table } from '../scenario.ts'

const shape = refused('invalid_par_response')

/** RFC 9126. */
export const parScenarios = table({ area: 'par', run: ['begin'] }, [
  {
    name: 'refuses a PAR answer without request_uri',
    clause: 'RFC 9126 2.2',
    fault: { answers: { par: { json: { request_uri: absent } } } },
    expect: shape,
  },
  {
    name: 'refuses a PAR answer with an empty request_uri',
    clause: 'RFC 9126 2.2',
    fault: { answers: { par: { json: { request_uri: '' } } } },
    expect: shape,
  },
  {
    name: 'refuses a PAR answer whose request_uri is a number',
    clause: 'RFC 9126 2.2',
    fault: { answers: { par: { json: { request_uri: 7 } } } },
    expect: shape,
  },
  {
    name: 'refuses a PAR answer without expires_in',
    clause: 'RFC 9126 2.2',
    fault: { answers: { par: { json: { expires_in: absent } } } },
    expect: shape,
  },
  {
    name: 'refuses a PAR answer that is expired as it comes',
    clause: 'RFC 9126 2.2',
    fault: { answers: { par: { json: { expires_in: 0 } } } },
    expect: shape,
  },
  {
    name: 'refuses a PAR answer with a negative expires_in',
    clause: 'RFC 9126 2.2',
    fault: { answers: { par: { json: { expires_in: -60 } } } },
    expect: shape,
  },
  {
    name: 'refuses an HTML page in place of a PAR answer',
    clause: 'RFC 9126 2.2',
    fault: { answers: { par: { headers: { 'content-type': 'text/html' }, body: '<p>Created</p>' } } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'refuses a PAR answer without a content type',
    clause: 'RFC 9126 2.2',
    level: 'recommended',
    fault: { answers: { par: { headers: { 'content-type': null } } } },
    expect: refused('unexpected_content_type'),
  },
  {
    name: 'refuses a truncated PAR answer',
    clause: 'RFC 9126 2.2',
    fault: { answers: { par: { body: (honest) => honest.slice(0, 25) } } },
    expect: refused('invalid_json'),
  },
  {
    name: 'does not follow a redirect of the PAR endpoint',
    clause: 'RFC 9700 4.12',
    fault: { answers: { par: { redirect: { status: 307, hops: 1, to: 'same-origin' } } } },
    expect: refused('redirect_refused', { atMost: { par: 1 } }),
  },
  {
    name: 'passes on the OAuth error of the PAR endpoint',
    clause: 'RFC 9126 2.3',
    fault: {
      answers: { par: { status: 400, body: '{"error":"invalid_request","error_description":"no such scope"}' } },
    },
    expect: refused('oauth_error', { error: 'invalid_request', atMost: { par: 1 } }),
  },
  {
    name: 'reports a PAR endpoint that is down',
    clause: 'RFC 9110 15.6.4',
    fault: { answers: { par: { status: 503, headers: { 'content-type': 'text/plain' }, body: 'down' } } },
    expect: refused(['unexpected_status', 'unexpected_content_type', 'api_error'], { atMost: { par: 1 } }),
  },
  {
    name: 'refuses a PAR answer of more than a megabyte',
    clause: 'spec/2-protocol.md, Discovery',
    fault: { answers: { par: { json: { padding: 'x'.repeat(1 << 20) } } } },
    expect: refused('body_too_large'),
  },
  {
    name: 'takes a PAR answer with status 200',
    clause: 'spec/2-protocol.md, Authorization request',
    level: 'recommended',
    fault: { answers: { par: { status: 200 } } },
    run: ['login'],
  },
])
