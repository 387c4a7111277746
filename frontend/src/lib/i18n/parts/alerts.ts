/**
 * What can be wrong with a node, one sentence with what to do, under the codes of `GET /alerts`, in English,
 * Japanese and Korean. `why` and `problem` are what a server said, in its own words.
 */

export const ALERTS = {
  'alert.stopped': [
    'The node has stopped ({problem}): restart it, it goes on from its ledger.',
    'ノードが停止しました（{problem}）。再起動すると台帳から再開します。',
    '노드가 멈췄습니다({problem}). 다시 시작하면 원장에서 이어집니다.',
  ],
  'alert.behind': [
    'The node is {seconds} late with its work: look at what else this machine does.',
    'ノードの処理が{seconds}遅れています。この機器の負荷を確認してください。',
    '노드의 처리가 {seconds} 늦습니다. 이 장비의 부하를 확인하십시오.',
  ],
  'alert.own-keys-root-revoked': [
    'Our own keys are not in force, nobody believes them: our root is revoked. Let all partners pin a new one.',
    '自組織の鍵は無効です（ルートが失効）。新しいルートを全相手先に登録してもらってください。',
    '우리 키가 무효입니다(루트 폐기). 모든 상대에게 새 루트를 등록하게 하십시오.',
  ],
  'alert.own-keys-revoked': [
    'Our own keys are not in force, nobody believes them: they are revoked. Let our root sign new ones.',
    '自組織の鍵は無効です（失効）。ルートで新しい鍵に署名してください。',
    '우리 키가 무효입니다(폐기). 루트로 새 키에 서명하십시오.',
  ],
  'alert.own-keys-revoked-since': [
    'Our own keys are not in force, nobody believes them: they are revoked as of {since}. Let our root sign new ones.',
    '自組織の鍵は無効です（{since}付で失効）。ルートで新しい鍵に署名してください。',
    '우리 키가 무효입니다({since}부로 폐기). 루트로 새 키에 서명하십시오.',
  ],
  'alert.own-keys-ended': [
    'Our own keys are not in force, nobody believes them: they ended on {since}. Let our root renew them (`trilat trust renew`).',
    '自組織の鍵は無効です（{since}に期限切れ）。ルートで更新してください（`trilat trust renew`）。',
    '우리 키가 무효입니다({since}에 만료). 루트로 갱신하십시오(`trilat trust renew`).',
  ],
  'alert.own-keys-ending': [
    'Our keys end in {days} days: let our root renew them (`trilat trust renew`).',
    '自組織の鍵はあと{days}日で期限切れです。ルートで更新してください（`trilat trust renew`）。',
    '우리 키가 {days}일 뒤 만료됩니다. 루트로 갱신하십시오(`trilat trust renew`).',
  ],
  'alert.keys-root-revoked': [
    '{party} revoked its root and all of its keys: ask it for its new trust state, and compare its fingerprint.',
    '{party}がルートと全ての鍵を失効させました。新しい信頼状態を求め、指紋を照合してください。',
    '{party} 측이 루트와 모든 키를 폐기했습니다. 새 신뢰 상태를 받아 지문을 대조하십시오.',
  ],
  'alert.keys-revoked': [
    "{party}'s key was revoked: ask it for its new trust state.",
    '{party}の鍵は失効しています。新しい信頼状態を求めてください。',
    '{party} 측의 키가 폐기되었습니다. 새 신뢰 상태를 요청하십시오.',
  ],
  'alert.keys-revoked-since': [
    "{party}'s key was revoked as of {since}: ask it for its new trust state.",
    '{party}の鍵は{since}付で失効しています。新しい信頼状態を求めてください。',
    '{party} 측의 키가 {since}부로 폐기되었습니다. 새 신뢰 상태를 요청하십시오.',
  ],
  'alert.keys-ended': [
    "{party}'s keys ended on {since}: ask it for its new trust state.",
    '{party}の鍵は{since}に期限切れとなりました。新しい信頼状態を求めてください。',
    '{party} 측의 키가 {since}에 만료되었습니다. 새 신뢰 상태를 요청하십시오.',
  ],
  'alert.keys-ending': [
    "{party}'s keys end in {days} days: ask it to renew them.",
    '{party}の鍵はあと{days}日で期限切れです。更新を求めてください。',
    '{party} 측의 키가 {days}일 뒤 만료됩니다. 갱신을 요청하십시오.',
  ],
  'alert.keys-forked': [
    '{party} signed two different trust states of one version: speak with {party}, its root may be in other hands.',
    '{party}が同じ版に異なる二つの信頼状態を署名しました。ルートが他者の手にある恐れがあります。{party}に確認してください。',
    '{party} 측이 같은 판에 서로 다른 두 신뢰 상태를 서명했습니다. 루트가 남의 손에 있을 수 있으니 {party} 측에 확인하십시오.',
  ],
  'alert.keys-unknown': [
    'No key of {party} is known: compare its fingerprint, and pin it.',
    '{party}の鍵が登録されていません。指紋を照合して登録してください。',
    '{party} 측의 키가 등록되지 않았습니다. 지문을 대조해 등록하십시오.',
  ],
  'alert.keys-not-held': [
    '{party} has not said that it holds our trust state {version}: it reads nothing by our newest keys until then; see to its link.',
    '{party}が当方の信頼状態 第{version}版の保持をまだ通知していません。それまで最新の鍵による内容を読めません。リンクを確認してください。',
    '{party} 측이 우리 신뢰 상태 제{version}판 보유를 아직 알리지 않았습니다. 그때까지 최신 키의 내용을 읽지 못합니다. 링크를 확인하십시오.',
  ],
  'alert.tree-forked': [
    '{party} signed two different trees of one size (found {since}): it shows two histories, keep the evidence and call its auditor.',
    '{party}が同じ大きさの異なる二つの木に署名しました（{since}検出）。二つの履歴を示しています。証拠を保存し、先方の監査に連絡してください。',
    '{party} 측이 같은 크기의 서로 다른 두 트리에 서명했습니다({since} 발견). 두 이력을 보이고 있으니 증거를 보존하고 상대 감사에 연락하십시오.',
  ],
  'alert.tree-rolled-back': [
    '{party} signed fewer parcels later than before (found {since}): ask whether it was restored from a backup, else call its auditor.',
    '{party}が以前より少ない件数に後から署名しました（{since}検出）。バックアップからの復元かを確認し、違えば先方の監査に連絡してください。',
    '{party} 측이 이전보다 적은 건수에 나중에 서명했습니다({since} 발견). 백업 복원인지 확인하고 아니면 상대 감사에 연락하십시오.',
  ],
  'alert.tree-denied': [
    '{party} denies parcels that it acknowledged (found {since}): keep the evidence, and call its auditor.',
    '{party}が受領署名した分を否認しています（{since}検出）。証拠を保存し、先方の監査に連絡してください。',
    '{party} 측이 수령 서명한 것을 부인합니다({since} 발견). 증거를 보존하고 상대 감사에 연락하십시오.',
  ],
  'alert.tree-beyond': [
    '{party} signed more parcels than were released to it (found {since}): compare with the heads that it holds of us (`trilat audit compare`).',
    '{party}が開示した数を超える件数に署名しました（{since}検出）。先方が持つ当方の署名と比較してください（`trilat audit compare`）。',
    '{party} 측이 공개된 수보다 많은 건수에 서명했습니다({since} 발견). 상대가 가진 우리 서명과 비교하십시오(`trilat audit compare`).',
  ],
  'alert.tree-differs': [
    '{party} and this node have different records of one stream (found {since}): `trilat audit compare` finds the first difference.',
    '{party}とこのノードの記録が異なります（{since}検出）。`trilat audit compare` で最初の相違を探してください。',
    '{party} 측과 이 노드의 기록이 다릅니다({since} 발견). `trilat audit compare`로 첫 차이를 찾으십시오.',
  ],
  'alert.tree-missing': [
    '{party} signed for parcels that have not come (since {since}): ask who carries them between us what holds them up.',
    '{party}が署名した分が届いていません（{since}以降）。間で運ぶ者に、何が止めているか確認してください。',
    '{party} 측이 서명한 것이 오지 않았습니다({since} 이후). 중간에서 나르는 쪽에 무엇이 막는지 확인하십시오.',
  ],
  'alert.agreement-missing': [
    '{party} has not signed “{agreement}”: ask it for the signed file.',
    '{party}が「{agreement}」に署名していません。署名済みファイルを求めてください。',
    '{party} 측이 ‘{agreement}’에 서명하지 않았습니다. 서명된 파일을 요청하십시오.',
  ],
  'alert.agreement-wrong': [
    'The signature of {party} under “{agreement}” is wrong: put back the signed file.',
    '「{agreement}」にある{party}の署名が正しくありません。署名済みファイルに戻してください。',
    '‘{agreement}’의 {party} 측 서명이 맞지 않습니다. 서명된 파일로 되돌리십시오.',
  ],
  'alert.agreement-revoked': [
    '{party} signed “{agreement}” with a key that is revoked: let it sign again with its new one.',
    '{party}の「{agreement}」への署名は失効した鍵によるものです。新しい鍵での再署名を求めてください。',
    '{party} 측이 폐기된 키로 ‘{agreement}’에 서명했습니다. 새 키로 다시 서명하게 하십시오.',
  ],
  'alert.agreement-no-card': [
    'The signature of {party} under “{agreement}” is not known: pin {party}.',
    '「{agreement}」にある{party}の署名を確認できません。{party}の鍵を登録してください。',
    '‘{agreement}’의 {party} 측 서명을 확인할 수 없습니다. {party} 측의 키를 등록하십시오.',
  ],
  'alert.agreement-outdated': [
    'A partner says that it holds a newer version of “{agreement}” than {version}: nothing goes under this one, ask for it.',
    '相手先が「{agreement}」の第{version}版より新しい版を持つと通知しています。この版では何も提供されません。新しい版を求めてください。',
    '상대가 ‘{agreement}’의 제{version}판보다 새 판을 가졌다고 합니다. 이 판으로는 아무것도 제공되지 않습니다. 새 판을 요청하십시오.',
  ],
  'alert.agreement-stale': [
    'Nothing goes to {party} under “{agreement}” (version {version}): nobody entitled was heard in time, see to the links.',
    '「{agreement}」（第{version}版）では{party}へ何も提供されません。権限のある相手からの確認が期限内に届いていません。リンクを確認してください。',
    '‘{agreement}’(제{version}판)으로는 {party} 측에 아무것도 제공되지 않습니다. 권한 있는 상대의 확인이 제때 오지 않았습니다. 링크를 확인하십시오.',
  ],
  'alert.agreement-behind': [
    '{party} is not known to hold version {version} of “{agreement}”, and gets nothing under it: see to its link.',
    '{party}が「{agreement}」の第{version}版を持つことを確認できないため、何も提供されません。リンクを確認してください。',
    '{party} 측이 ‘{agreement}’의 제{version}판을 가졌는지 확인되지 않아 아무것도 제공되지 않습니다. 링크를 확인하십시오.',
  ],
  'alert.resuming': [
    'Restored from a backup: releases wait until {party} tells how far it has accepted; without a link, exchange bundles with it.',
    'バックアップから復元しました。{party}がどこまで受領したかを通知するまで開示は待機します。リンクがなければバンドルを交換してください。',
    '백업에서 복원했습니다. {party} 측이 어디까지 받았는지 알릴 때까지 공개가 대기합니다. 링크가 없으면 번들을 교환하십시오.',
  ],
  'alert.resuming-refused': [
    'Restored from a backup: {party} says it has accepted more than can be, releases wait: ask its people.',
    'バックアップから復元しました。{party}があり得ない数の受領を通知したため開示は待機しています。先方の担当者に確認してください。',
    '백업에서 복원했습니다. {party} 측이 있을 수 없는 수를 받았다고 하여 공개가 대기합니다. 상대 담당자에게 확인하십시오.',
  ],
  'alert.ledger-damaged': [
    '{count} entries of the ledger are damaged and asked of partners: keep the links up, then run `trilat audit verify`.',
    '台帳の{count}件が破損し、相手先に照会中です。リンクを保ち、その後 `trilat audit verify` を実行してください。',
    '원장의 {count}건이 손상되어 상대에게 요청 중입니다. 링크를 유지한 뒤 `trilat audit verify`를 실행하십시오.',
  ],
  'alert.ledger-lost': [
    '{count} entries of the ledger are lost: run `trilat audit verify`, and look into the disk and the backup.',
    '台帳の{count}件が失われました。`trilat audit verify` を実行し、ディスクとバックアップを調べてください。',
    '원장의 {count}건이 유실되었습니다. `trilat audit verify`를 실행하고 디스크와 백업을 살피십시오.',
  ],
  'alert.disk-low': [
    '{free} are free where the ledger lies: make room, the node stops when it cannot write.',
    '台帳の置き場所の空きは{free}です。空きを作ってください。書き込めなくなるとノードは停止します。',
    '원장이 있는 곳의 여유가 {free}입니다. 공간을 확보하십시오. 쓸 수 없으면 노드가 멈춥니다.',
  ],
  'alert.backup-none': [
    'No backup of this node is known to it: make one (`trilat backup create`), and keep the keys apart.',
    'このノードのバックアップが確認できません。作成し（`trilat backup create`）、鍵は別に保管してください。',
    '이 노드의 백업이 확인되지 않습니다. 만들고(`trilat backup create`) 키는 따로 보관하십시오.',
  ],
  'alert.backup-old': [
    'The last backup is {hours} h old: make another (`trilat backup create`).',
    '最後のバックアップから{hours}時間経過しています。新たに作成してください（`trilat backup create`）。',
    '마지막 백업이 {hours}시간 전입니다. 다시 만드십시오(`trilat backup create`).',
  ],

  'alert.link-connected': ['{party}: connected.', '{party}：接続中。', '{party}: 연결됨.'],
  'alert.link-connected-hub': ['{party}: connected through hub {hub}.', '{party}：ハブ {hub} 経由で接続中。', '{party}: 허브 {hub}를 거쳐 연결됨.'],
  'alert.link-direct': [
    '{party}: connected directly, in place of a hub.',
    '{party}：ハブに代わり直接接続中。',
    '{party}: 허브 대신 직접 연결됨.',
  ],
  'alert.link-not-linked': [
    '{party}: not linked, what comes from it comes through others.',
    '{party}：リンクなし。先方の内容は第三者を経て届きます。',
    '{party}: 링크 없음. 상대의 내용은 다른 쪽을 거쳐 옵니다.',
  ],
  'alert.link-no-relay': [
    '{party}: an agreement allows no relay, link the two directly.',
    '{party}：協定が中継を認めていません。直接リンクしてください。',
    '{party}: 협정이 중계를 허용하지 않습니다. 직접 링크하십시오.',
  ],
  'alert.link-unacknowledged': [
    '{party}: connected, but nothing acknowledged for {seconds}, {count} wait: ask whether its node works, and holds our newest card.',
    '{party}：接続中ですが{seconds}受領確認がなく、{count}件が待っています。ノードの動作と、当方の最新カードの有無を確認してください。',
    '{party}: 연결되어 있으나 {seconds} 동안 수령 확인이 없고 {count}건이 대기합니다. 노드가 동작하는지, 우리 최신 카드가 있는지 확인하십시오.',
  ],
  'alert.link-clock-ahead': [
    '{party}: connected, but its clock is {seconds} ahead of ours: set it right.',
    '{party}：接続中ですが、先方の時計が{seconds}進んでいます。合わせてください。',
    '{party}: 연결되어 있으나 상대 시계가 {seconds} 빠릅니다. 맞추십시오.',
  ],
  'alert.link-clock-behind': [
    '{party}: connected, but its clock is {seconds} behind ours: set it right.',
    '{party}：接続中ですが、先方の時計が{seconds}遅れています。合わせてください。',
    '{party}: 연결되어 있으나 상대 시계가 {seconds} 느립니다. 맞추십시오.',
  ],
  'alert.link-outside-away': [
    '{party}: the outside NATS is not reached ({why}): ask who runs it.',
    '{party}：外部の NATS に接続できません（{why}）。運用者に確認してください。',
    '{party}: 외부 NATS에 연결되지 않습니다({why}). 운영자에게 확인하십시오.',
  ],
  'alert.link-outside-silent': [
    '{party}: the outside NATS is reached, but nothing is heard over it: ask whether its node runs.',
    '{party}：外部の NATS には接続できますが、先方からの受信がありません。ノードの稼働を確認してください。',
    '{party}: 외부 NATS에는 연결되나 상대의 수신이 없습니다. 노드가 동작하는지 확인하십시오.',
  ],
  'alert.link-server-away': [
    '{party}: our own NATS server is away and is started again: look at what this node says.',
    '{party}：自組織の NATS サーバーが停止し、再起動中です。このノードの記録を確認してください。',
    '{party}: 우리 NATS 서버가 멈춰 다시 시작 중입니다. 이 노드의 기록을 확인하십시오.',
  ],
  'alert.link-hub-other': [
    '{party}: what listens at {dial} is not hub {hub} as its card says: compare its card again.',
    '{party}：{dial} で応答するのはカードどおりのハブ {hub} ではありません。カードを再照合してください。',
    '{party}: {dial}에서 응답하는 것은 카드대로의 허브 {hub}가 아닙니다. 카드를 다시 대조하십시오.',
  ],
  'alert.link-hub-away': [
    '{party}: hub {hub} at {dial} cannot be reached ({why}): ask whether it runs.',
    '{party}：ハブ {hub}（{dial}）に接続できません（{why}）。稼働を確認してください。',
    '{party}: 허브 {hub}({dial})에 연결되지 않습니다({why}). 동작하는지 확인하십시오.',
  ],
  'alert.link-hub-refuses': [
    '{party}: hub {hub} does not take our connection: ask whether it has admitted our newest card (fingerprint {fingerprint}).',
    '{party}：ハブ {hub} が当方の接続を受け付けません。最新カードの登録を確認してください（指紋 {fingerprint}）。',
    '{party}: 허브 {hub}가 우리 연결을 받지 않습니다. 최신 카드가 등록되었는지 확인하십시오(지문 {fingerprint}).',
  ],
  'alert.link-hub-without': [
    '{party}: hub {hub} is reached, but the partner is not connected to it, or has not asked it for us: ask its people.',
    '{party}：ハブ {hub} には接続できますが、先方が未接続か、当方を登録していません。先方の担当者に確認してください。',
    '{party}: 허브 {hub}에는 연결되나 상대가 연결되지 않았거나 우리를 등록하지 않았습니다. 상대 담당자에게 확인하십시오.',
  ],
  'alert.link-peer-other': [
    '{party}: who shows its certificate is not who its card says: compare its card again.',
    '{party}：証明書の提示者はカードどおりの相手ではありません。カードを再照合してください。',
    '{party}: 인증서를 제시한 쪽은 카드대로의 상대가 아닙니다. 카드를 다시 대조하십시오.',
  ],
  'alert.link-peer-away': [
    '{party}: its server at {dial} cannot be reached ({why}): ask whether it runs.',
    '{party}：先方のサーバー（{dial}）に接続できません（{why}）。稼働を確認してください。',
    '{party}: 상대 서버({dial})에 연결되지 않습니다({why}). 동작하는지 확인하십시오.',
  ],
  'alert.link-peer-dials-not': [
    '{party}: it does not dial us: ask whether it runs, and where it dials.',
    '{party}：先方からの接続がありません。稼働と接続先を確認してください。',
    '{party}: 상대가 우리에게 연결해 오지 않습니다. 동작하는지, 어디로 연결하는지 확인하십시오.',
  ],
  'alert.link-peer-refuses': [
    '{party}: its server refuses our certificate or key: give it our new card (fingerprint {fingerprint}).',
    '{party}：先方のサーバーが当方の証明書または鍵を拒否しました。新しいカードを渡してください（指紋 {fingerprint}）。',
    '{party}: 상대 서버가 우리 인증서나 키를 거부합니다. 새 카드를 주십시오(지문 {fingerprint}).',
  ],
  'alert.link-peer-silent': [
    '{party}: its server is reached, but its node says nothing: ask whether it works.',
    '{party}：先方のサーバーには接続できますが、ノードが応答しません。動作を確認してください。',
    '{party}: 상대 서버에는 연결되나 노드가 응답하지 않습니다. 동작하는지 확인하십시오.',
  ],
  'alert.link-peer-answers-not': [
    '{party}: its server at {dial} is dialled and does not answer: ask whether it runs.',
    '{party}：先方のサーバー（{dial}）に接続を試みていますが応答がありません。稼働を確認してください。',
    '{party}: 상대 서버({dial})에 연결을 시도하나 응답이 없습니다. 동작하는지 확인하십시오.',
  ],
} as const;
