/**
 * What the page sends and gets, made by `tools/generate_api_types.py` from the OpenAPI documents of a node
 * and of an exercise's observer; do not edit by hand: `make docs` writes it again.
 */

/** Who took note of a warning as it is, and when. */
export interface Acknowledged {
  by: string;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  at_ns: number;
}

/** What is in the ledger: for who has acknowledged before, the first time. */
export interface AcknowledgementTaken {
  id: string;
  version: number;
  withdrawn: boolean;
  by: string;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  at_ns: number;
}

export interface AuditPage {
  rows: (Record<string, unknown>)[];
  damaged: (Record<string, unknown>)[];
  next: number;
  done: boolean;
}

/** How a node is now. `alerts` are worst first; none where nothing is wrong. */
export interface Condition {
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
  status: Status;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  at_ns: number;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  wall_ns: number;
  alerts: Trouble[];
  own_keys: KeyFigures;
  partners: PartnerFigures[];
  ledger: LedgerFigures;
}

/** A decision on an item that the reader may see. `number` grows by one at each node. */
export interface DecisionRow {
  number: number;
  item_id: string;
  version: number;
  /** text of one line, without control characters */
  kind: string;
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  originator: string;
  subject: string;
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  sender: string;
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  recipient: string;
  via: string | null;
  /** text of one line, without control characters */
  outcome: string;
  reasons: string[];
  clauses: string[];
  form: string | null;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  at_ns: number;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  decided_ns: number;
}

/** What a party declares. */
export type Declared = 'notice' | 'situation' | 'suspension';

/** The concern that an item belongs to. */
export type Domain = 'consultation' | 'cyber' | 'maritime' | 'missile' | 'relief' | 'seismic';

/** Who showed first what a warning rests on, and when this node knew it. */
export interface FirstSaid {
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  at_ns: number;
}

/** A new account; without a password it signs in with the party's own identity provider, or not at all. */
export interface GivenAccount {
  name: string;
  role: string;
  password?: string;
}

/** Somebody takes note of a warning as it is in a version. */
export interface GivenAcknowledgement {
  id: string;
  version: number;
}

/** An agreement file. */
export interface GivenAgreement {
  file: string;
  text: string;
}

/** An officer's answer to a referral. */
export interface GivenAnswer {
  clause: string;
  subject: string;
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  recipient: string;
  via?: string | null;
  granted: boolean;
  officer: string;
  valid_s?: number;
  assumed?: boolean;
}

/** What another administrator says to a proposal. */
export interface GivenApproval {
  proposal: number;
  approve: boolean;
}

/** An own recall that nobody waits for any more. */
export interface GivenClosing {
  recall: string;
  /** text of several lines; no control characters but line ends and tabs */
  reason?: string;
}

/** What a party's officer declares; see `Declaration`. */
export interface GivenDeclaration {
  declared: Declared;
  about: string;
  domain: Domain;
  valid_s?: number | null;
  stands?: boolean;
}

/** Whom an officer lets stand in, and for how long; 0 seconds end it. */
export interface GivenDelegation {
  deputy: string;
  for_s: number;
}

/** An officer's answer to a question at the release desk; who answers is told by the token. */
export interface GivenDeskAnswer {
  question: string;
  granted: boolean;
  valid_s?: number;
  /** text of several lines; no control characters but line ends and tabs */
  said?: string;
}

/** What was done since about an own report. */
export interface GivenFollowUp {
  loss: string;
  /** text of several lines; no control characters but line ends and tabs */
  measures: string;
  confirmed?: boolean;
  follow_up_s?: number;
}

/** What the originator wants done about a partner's report. */
export interface GivenInstruction {
  loss: string;
  text: string;
}

/** What an auditor is shown of the ledger. */
export interface GivenLook {
  what: string;
  digest: string;
}

/** Partners' items that were lost, or may have been. */
export interface GivenLoss {
  items: string[];
  happened: string;
  /** text of several lines; no control characters but line ends and tabs */
  measures?: string;
  confirmed?: boolean;
  follow_up_s?: number;
}

/** An envelope or a signed message, in base64. */
export interface GivenMember {
  member: string;
}

/** An account. */
export interface GivenName {
  name: string;
}

/** One's own password, now and from now on. */
export interface GivenNewPassword {
  password: string;
  new_password: string;
}

/** Which partner's item is to be passed on to whom; its originator is asked. */
export interface GivenOnwardRequest {
  item_id: string;
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  onward_to: string;
  within_s?: number;
  question?: string;
}

/** How the time of an exercise runs: `instant_ns` at `from_wall_ns`, then `speed` times as fast. */
export interface GivenPace {
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  from_wall_ns: number;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  instant_ns: number;
  speed: number;
}

/** A party that holds a partner's item has lost it. */
export interface GivenPartyLoss {
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
  item_id: string;
  happened: string;
}

/** The party that made an item calls it back. */
export interface GivenPartyRecall {
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
  item_id: string;
}

/** A new password for an account. */
export interface GivenPassword {
  name: string;
  password: string;
}

/** A partner whose root people pinned in the node's own folder. */
export interface GivenPinned {
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
}

/** Own items, `ID` or `ID@VERSION`, and all on a subject, that are called back or asked after. */
export interface GivenRecall {
  items?: string[];
  subject?: string | null;
  action?: RecallAction;
  within_s?: number;
  /** text of several lines; no control characters but line ends and tabs */
  reason?: string;
}

/** A person's answer to a partner's recall; a refusal says why. */
export interface GivenRecallAnswer {
  recall: string;
  answer: HolderAnswer;
  /** text of several lines; no control characters but line ends and tabs */
  reason?: string;
}

/** A version of an item. */
export interface GivenReference {
  item_id: string;
  version: number;
}

/** Own items under a new label: what is left out stays as it is in the first item's label. */
export interface GivenRelabelling {
  items: string[];
  level?: string | null;
  releasable_to?: string[] | null;
  restrictive?: string[] | null;
}

/** A party that is to be in an agreement no more; `in_force_from_ns` left out is now. */
export interface GivenRemoval {
  agreement: string;
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
  in_force_from_ns?: number | null;
}

/** A warning taken back. */
export interface GivenRetraction {
  key: string;
  /** text of several lines; no control characters but line ends and tabs */
  text?: string;
}

/** Another role for an account. */
export interface GivenRole {
  name: string;
  role: string;
}

/** An agreement whose items are returned or destroyed; `early` while it is in force. */
export interface GivenRun {
  agreement: string;
  within_s?: number;
  early?: boolean;
}

/** Name and password of who signs in; any name, so that a wrong one costs what a right one does. */
export interface GivenSignIn {
  /** text of one line, without control characters */
  name: string;
  password: string;
}

/** Clauses to do without, each as `file#id`. */
export interface GivenStrike {
  strike: string[];
}

/** A token for a program that acts as an account, for some days. */
export interface GivenToken {
  name: string;
  token: string;
  days?: number;
}

/** Trust states of one party, as `trilat trust export` writes them. */
export interface GivenTrust {
  states: string;
}

/** An own approval that is taken back before anything has left by it. */
export interface GivenUndoing {
  question: string;
  /** text of several lines; no control characters but line ends and tabs */
  said?: string;
}

/** A warning in a person's words, and the items that it rests on and that confirm it. */
export interface GivenWarning {
  key: string;
  kind: WarningKind;
  domain: Domain;
  basis: GivenReference[];
  confirmed_by?: GivenReference[];
  /** text of several lines; no control characters but line ends and tabs */
  text?: string;
}

/** Clauses to do without, each as `file#id`; none counts the regime as it is. */
export interface GivenWhatIf {
  strike?: string[];
}

/** A token to be withdrawn. */
export interface GivenWithdrawal {
  name: string;
  token: string;
}

/** What happened, oldest first; of too many `left_out` are older. `began_ns` is the ledger's. */
export interface HistoryEvents {
  began_ns: number | null;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  now_ns: number;
  events: PastEvent[];
  left_out: number;
}

/** What a holder did with a recall, a reclassification or a loss report. */
export type HolderAnswer = 'complied' | 'refused' | 'unable';

/** What is known of a party's keys. */
export interface KeyFigures {
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
  known_by: string;
  in_force: boolean;
  fingerprint: string;
  version: number;
  ends_ns: number | null;
  retired: number;
  revoked: number;
  holds_ours: boolean | null;
}

/** The own record: how much there is, whether it is whole, and what it lies on. */
export interface LedgerFigures {
  entries: number;
  examined: number;
  passes: number;
  damaged: number;
  lost: number;
  size_bytes: number | null;
  free_bytes: number | null;
  backup_ns: number | null;
  backup_entries: number;
}

/** How a link is. Its figures are those that its sentence names. */
export type LinkCode = 'clock-ahead' | 'clock-behind' | 'connected' | 'direct' | 'hub-away' | 'hub-other' | 'hub-refuses' | 'hub-without' | 'no-relay' | 'not-linked' | 'outside-away' | 'outside-silent' | 'peer-answers-not' | 'peer-away' | 'peer-dials-not' | 'peer-other' | 'peer-refuses' | 'peer-silent' | 'server-away' | 'unacknowledged';

/** How one way to a partner is. */
export interface LinkState {
  code: LinkCode;
  party: string;
  figures?: Record<string, string | number>;
}

/** An account without anything secret. */
export interface NodeAccount {
  name: string;
  role: string;
  enabled: boolean;
  has_password: boolean;
  tokens: ([string, number])[];
}

/** A warning with who took note of how it is: that it stands, or was withdrawn, since a version. */
export interface NotedWarning {
  id: string;
  version: number;
  since_version: number;
  withdrawn: boolean;
  status: string;
  first: FirstSaid | null;
  basis: string[];
  acknowledged: Acknowledged[];
  item: Shown;
}

/** One partner: its link, its keys, its trees. */
export interface PartnerFigures {
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
  link: LinkState[];
  up: boolean;
  heard_s: number | null;
  round_trip_s: number | null;
  sent: number;
  acknowledged: number;
  unanswered: number;
  lag_s: number;
  waiting: number;
  received: number;
  cursor: number;
  keys: KeyFigures;
  sent_tree: TreeFigures;
  received_tree: TreeFigures;
}

/** Something that happened, at the instant at which this node knew it first. */
export interface PastEvent {
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  at_ns: number;
  kind: string;
  id: string;
  version: number;
  originator: string | null;
  subject: string | null;
  status: string | null;
}

export interface PastPicture {
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  at_ns: number;
  whole: boolean;
  items: Shown[];
  sights: ShownSight[];
  trails: Record<string, ((number | null)[])[]>;
  removed: RemovedSince[];
  entry: number;
}

/** What a reader may see now; `entry` is the ledger's entry of the receipt. */
export interface Picture {
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  at_ns: number;
  items: Shown[];
  sights: ShownSight[];
  decisions: DecisionRow[];
  entry: number | null;
}

/** What a holder is asked to do. */
export type RecallAction = 'account' | 'destroy' | 'return';

/** An item that this node had then, and has not any more: `by` is who or what took it away. */
export interface RemovedSince {
  id: string;
  version: number;
  by: string;
}

/** How soon somebody should act. */
export type Severity = 'attention' | 'severe';

/** An item as a reader may see it. Ellipses of tracks are 3 sigma, of events and areas 95 %. */
export interface Shown {
  id: string;
  version: number;
  /** text of one line, without control characters */
  kind: string;
  subject: string;
  /** text of one line, without control characters */
  domain: string;
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  originator: string;
  originators: string[];
  sender: string | null;
  form: string | null;
  status: Status;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  valid_ns: number;
  /** text of one line, without control characters */
  marking: string;
  lat?: number | null;
  lon?: number | null;
  height_m?: number | null;
  height_sigma_m?: number | null;
  speed_m_per_s?: number | null;
  course_deg?: number | null;
  climb_m_per_s?: number | null;
  ellipse?: ShownEllipse | null;
  stage?: string | null;
  /** text of one line, without control characters */
  event?: string;
  time_sigma_ms?: number | null;
  /** text of one line, without control characters */
  area?: string;
  polygon?: ([number, number])[] | null;
  expected_ns?: number | null;
  /** text of one line, without control characters */
  warning?: string;
  /** text of one line, without control characters */
  state?: string;
  sources?: string[];
  speaker?: string | null;
  /** text of several lines; no control characters but line ends and tabs */
  text?: string;
  threat?: ShownThreat;
  names?: ShownNames;
  /** text of one line, without control characters */
  disagreement?: string;
  accounts?: ShownAccount[];
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  since_ns?: number;
  name?: string | null;
  /** text of one line, without control characters */
  mmsi?: string;
  under?: string[];
}

/** What one party says in a disagreement; `basis` is the item, and its version, that says so. */
export interface ShownAccount {
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
  subject: string;
  /** text of several lines; no control characters but line ends and tabs */
  basis: string;
  time_ns: number | null;
  time_sigma_ms: number;
  reach_m: number;
  lat: number | null;
  lon: number | null;
}

/** All accounts, and what waits. */
export interface ShownAccounts {
  accounts: NodeAccount[];
  proposals: ShownProposal[];
}

/** The edge of what a sensor sees at a height above the ellipsoid; empty where it reaches none. */
export interface ShownCoverage {
  height_m: number;
  outline: ([number, number])[];
}

/** An ellipse on the ground. */
export interface ShownEllipse {
  semi_major_m: number;
  semi_minor_m: number;
  bearing_deg: number;
}

/** What lies on the own staff's map beside objects. */
export interface ShownMap {
  sensors: ShownSensor[];
  places: ShownPlace[];
}

/** What something is called in each language. */
export interface ShownNames {
  /** text of one line, without control characters */
  en: string;
  /** text of one line, without control characters */
  ja: string;
  /** text of one line, without control characters */
  ko: string;
}

/** A place that the party named. */
export interface ShownPlace {
  names: ShownNames;
  lat: number;
  lon: number;
}

/** A change that waits for another administrator. */
export interface ShownProposal {
  proposal: number;
  /** text of one line, without control characters */
  would: string;
  /** text of one line, without control characters */
  name: string;
  /** text of one line, without control characters */
  by: string;
  role: string | null;
}

/** An own sensor. */
export interface ShownSensor {
  /** text of one line, without control characters */
  name: string;
  lat: number;
  lon: number;
  reach_m: number;
  coverage: ShownCoverage[];
}

/** Whose node this is, and who is signed in; what only they have is left out for others. */
export interface ShownSession {
  /** never, at a node: an exercise's page has another */
  exercise: boolean;
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
  status: Status;
  provider: boolean;
  signed_in: boolean;
  name?: string;
  role?: string;
  word?: string;
}

/** One object as a reader's picture has it, fused from all that the reader may have. Ellipse: 3 sigma. */
export interface ShownSight {
  /** text of one line, without control characters */
  key: string;
  /** text of one line, without control characters */
  domain: string;
  sources: string[];
  speaker?: string | null;
  stage: string | null;
  confirmed: boolean;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  valid_ns: number;
  lat: number | null;
  lon: number | null;
  height_m: number | null;
  speed_m_per_s: number | null;
  course_deg: number | null;
  ellipse: ShownEllipse | null;
  height_sigma_m: number | null;
}

/** How probable it is that an object comes down in a watch area (`impact`), or flies over it, and when. */
export interface ShownThreat {
  area: string;
  names: ShownNames;
  impact: number;
  overflight: number;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  first_ns: number;
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  last_ns: number;
}

/** Whether the world is meant. A node holds one status and refuses the others; only real raises alarms. */
export type Status = 'exercise' | 'real' | 'simulated';

/** Whether both ends signed the same tree of a stream. */
export type TreeAgreement = 'agrees' | 'behind' | 'fork' | 'nothing' | 'unsigned';

/** One direction between this node and a partner. */
export interface TreeFigures {
  agreement: TreeAgreement;
  parcels: number;
  witnessed: number;
  witnessed_ns: number | null;
  findings: string[];
}

/** What is wrong, with whom or what. Figures that end in `_ns` are instants, UTC ns. */
export interface Trouble {
  code: string;
  severity: Severity;
  /** a party such as KOR, or one of its staff, screens or readers such as KOR/watch */
  party: string;
  figures?: Record<string, string | number>;
}

/** What is warned of. */
export type WarningKind = 'impact' | 'launch' | 'threat';

/** Warnings of the last minutes, and those of which nobody took note yet. */
export interface Warnings {
  /** UTC nanoseconds since 1970-01-01T00:00:00Z */
  at_ns: number;
  warnings: NotedWarning[];
}

/** Of an own item also who else sees it, and why not. */
export interface WhyAnswer {
  at_ns: number;
  item: Record<string, unknown>;
  own: boolean;
  made_ns: number;
  received_under: string[];
  for_me: Record<string, unknown>;
  given: Record<string, unknown> | null;
  kept: string | null;
  others: (Record<string, unknown>)[];
  names: string[];
}

/** Which items a fused object rests on, and what let each of them in. */
export interface WhySightAnswer {
  at_ns: number;
  key: string;
  sources: WhySource[];
}

/** Where an item comes from, what let it in, and how it was degraded. */
export interface WhySource {
  at_ns: number;
  item: Record<string, unknown>;
  own: boolean;
  made_ns: number;
  received_under: string[];
  for_me: Record<string, unknown>;
  given: Record<string, unknown> | null;
}

/** What each operation takes and answers, by method and path. */
export interface NodeApi {
  'GET /': {  };
  'GET /accounts': { answer: ShownAccounts };
  'POST /accounts': { body: GivenAccount; answer: Record<string, unknown> };
  'POST /accounts/approve': { body: GivenApproval; answer: Record<string, unknown> };
  'POST /accounts/disable': { body: GivenName; answer: Record<string, unknown> };
  'POST /accounts/enable': { body: GivenName; answer: Record<string, unknown> };
  'POST /accounts/password': { body: GivenPassword; answer: Record<string, unknown> };
  'POST /accounts/remove': { body: GivenName; answer: Record<string, unknown> };
  'POST /accounts/role': { body: GivenRole; answer: Record<string, unknown> };
  'GET /agreements': { answer: (Record<string, unknown>)[] };
  'POST /agreements': { body: GivenAgreement; answer: Record<string, unknown> };
  'GET /agreements/matrix': { answer: Record<string, unknown> };
  'POST /agreements/remove': { body: GivenRemoval; answer: Record<string, unknown> };
  'GET /agreements/text': { answer: Record<string, unknown> };
  'POST /agreements/what-if': { body: GivenStrike; answer: Record<string, unknown> };
  'GET /alerts': { answer: Condition };
  'GET /audit': { answer: AuditPage };
  'POST /audit/looks': { body: GivenLook; answer: Record<string, unknown> };
  'POST /bundle/member': { body: GivenMember; answer: Record<string, unknown> };
  'GET /clock': { answer: GivenPace };
  'PUT /clock': { body: GivenPace; answer: GivenPace };
  'POST /declarations': { body: GivenDeclaration; answer: Record<string, unknown> };
  'GET /desk': { answer: Record<string, unknown> };
  'POST /desk/answer': { body: GivenDeskAnswer; answer: Record<string, unknown> };
  'POST /desk/delegate': { body: GivenDelegation; answer: Record<string, unknown> };
  'GET /desk/preview': { answer: Record<string, unknown> };
  'POST /desk/undo': { body: GivenUndoing; answer: Record<string, unknown> };
  'GET /health': { answer: { ok: boolean; party: string; status: string; problem?: string } };
  'GET /history/events': { answer: HistoryEvents };
  'GET /holders': { answer: Record<string, unknown> };
  'POST /labels': { body: GivenRelabelling; answer: Record<string, unknown> };
  'POST /losses': { body: GivenLoss; answer: Record<string, unknown> };
  'POST /losses/follow-up': { body: GivenFollowUp; answer: Record<string, unknown> };
  'POST /losses/instruct': { body: GivenInstruction; answer: Record<string, unknown> };
  'GET /map': { answer: ShownMap };
  'GET /metrics': {  };
  'GET /onward': { answer: (Record<string, unknown>)[] };
  'POST /onward': { body: GivenOnwardRequest; answer: Record<string, unknown> };
  'GET /openapi.json': { answer: Record<string, unknown> };
  'POST /password': { body: GivenNewPassword; answer: ShownSession };
  'GET /picture': { answer: Picture };
  'GET /picture/at': { answer: PastPicture };
  'GET /recalls': { answer: Record<string, unknown> };
  'POST /recalls': { body: GivenRecall; answer: Record<string, unknown> };
  'POST /recalls/answer': { body: GivenRecallAnswer; answer: Record<string, unknown> };
  'POST /recalls/close': { body: GivenClosing; answer: Record<string, unknown> };
  'POST /recalls/run': { body: GivenRun; answer: Record<string, unknown> };
  'GET /referrals': { answer: (Record<string, unknown>)[] };
  'POST /referrals/answer': { body: GivenAnswer; answer: Record<string, unknown> };
  'GET /sensors': { answer: (Record<string, unknown>)[] };
  'GET /session': { answer: ShownSession };
  'POST /signin': { body: GivenSignIn; answer: ShownSession };
  'POST /signout': { answer: Record<string, unknown> };
  'GET /status': { answer: Record<string, unknown> };
  'GET /stream': {  };
  'GET /timings': { answer: Record<string, unknown> };
  'POST /tokens': { body: GivenToken; answer: Record<string, unknown> };
  'POST /tokens/withdraw': { body: GivenWithdrawal; answer: Record<string, unknown> };
  'GET /trust': { answer: Record<string, unknown> };
  'POST /trust': { body: GivenTrust; answer: Record<string, unknown> };
  'POST /trust/pinned': { body: GivenPinned; answer: Record<string, unknown> };
  'GET /warnings': { answer: Warnings };
  'POST /warnings': { body: GivenWarning; answer: Record<string, unknown> };
  'POST /warnings/acknowledge': { body: GivenAcknowledgement; answer: AcknowledgementTaken };
  'POST /warnings/retract': { body: GivenRetraction; answer: Record<string, unknown> };
  'GET /why': { answer: WhyAnswer };
  'GET /why/sight': { answer: WhySightAnswer };
}

/** What each operation takes and answers, by method and path. */
export interface ObserverApi {
  'GET /': {  };
  'POST /api/control': { body: { paused?: boolean; speed?: number; regime?: string; restart?: true; strike?: string[] }; answer: { ok: boolean } };
  'POST /api/losses': { body: GivenPartyLoss; answer: Record<string, unknown> };
  'GET /api/recalls': { answer: Record<string, unknown> };
  'POST /api/recalls': { body: GivenPartyRecall; answer: Record<string, unknown> };
  'GET /api/state': { answer: Record<string, unknown> };
  'GET /api/stream': {  };
  'GET /api/what-if': { answer: Record<string, unknown> };
  'POST /api/what-if': { body: GivenWhatIf; answer: Record<string, unknown> };
  'GET /enter': {  };
  'GET /health': { answer: Record<string, unknown> };
  'GET /metrics': {  };
  'GET /openapi.json': { answer: Record<string, unknown> };
  'GET /session': { answer: { exercise: true; signed_in: true; parties: string[] } };
}
