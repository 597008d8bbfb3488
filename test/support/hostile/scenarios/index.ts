import type { Scenario } from '../scenario.ts'
import { backChannelScenarios } from './back-channel.ts'
import { callbackScenarios } from './callback.ts'
import { discoveryScenarios } from './discovery.ts'
import { dpopScenarios } from './dpop.ts'
import { encryptionScenarios } from './encryption.ts'
import { endpointScenarios } from './endpoints.ts'
import { hybridScenarios } from './hybrid.ts'
import { idTokenAcceptedScenarios } from './id-token-accepted.ts'
import { idTokenClaimScenarios } from './id-token-claims.ts'
import { idTokenHeaderScenarios } from './id-token-header.ts'
import { idTokenShapeScenarios } from './id-token-shape.ts'
import { idTokenSignatureScenarios } from './id-token-signature.ts'
import { jarmScenarios } from './jarm.ts'
import { jwksScenarios } from './jwks.ts'
import { parScenarios } from './par.ts'
import { refreshScenarios } from './refresh.ts'
import { requestObjectScenarios } from './request-object.ts'
import { sessionScenarios, verifyScenarios } from './session.ts'
import { signedAnswerScenarios } from './signed-answers.ts'
import { tokenScenarios } from './token.ts'

/**
 * Every scenario there is. To add one, write a row in the file of its area: a sentence about the client, its
 * clause, one fault (faults.ts has them all), what is done (`run`, a login unless said otherwise) and what the last
 * step must come to. To show that a row bites, take the check that it is about out of the client and see it fail.
 */
export const scenarios: readonly Scenario[] = [
  ...discoveryScenarios,
  ...parScenarios,
  ...requestObjectScenarios,
  ...callbackScenarios,
  ...jarmScenarios,
  ...hybridScenarios,
  ...tokenScenarios,
  ...idTokenShapeScenarios,
  ...idTokenHeaderScenarios,
  ...idTokenSignatureScenarios,
  ...idTokenClaimScenarios,
  ...idTokenAcceptedScenarios,
  ...encryptionScenarios,
  ...jwksScenarios,
  ...dpopScenarios,
  ...refreshScenarios,
  ...sessionScenarios,
  ...verifyScenarios,
  ...endpointScenarios,
  ...backChannelScenarios,
  ...signedAnswerScenarios,
]
