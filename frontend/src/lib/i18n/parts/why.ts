/** Texts of the panel Why, and of lengths of time, in English, Japanese and Korean. */

export const WHY = {
  'span.s': ['{count} s', '{count} 秒', '{count}초'],
  'span.min': ['{count} min', '{count} 分', '{count}분'],
  'span.h': ['{count} h', '{count} 時間', '{count}시간'],
  'span.d': ['{count} d', '{count} 日', '{count}일'],

  'why.title': ['Why', '根拠', '근거'],
  'why.loading': ['Asking the node …', 'ノードに照会しています…', '노드에 조회하는 중…'],
  'why.none': [
    'The node has nothing to say about this: it is not held any more, or not for your eyes.',
    'この項目について回答はありません。既に保持していないか、閲覧が認められていません。',
    '이 항목에 대한 답이 없습니다. 더 이상 보유하지 않거나 열람이 허용되지 않습니다.',
  ],
  'why.copy': ['Copy as text', '文章としてコピー', '글로 복사'],
  'why.copied': ['Copied', 'コピーしました', '복사했습니다'],

  'why.head.from': ['Where it comes from', '出所', '출처'],
  'why.head.in': ['What let it in', '提供の根拠', '제공 근거'],
  'why.head.degraded': ['How exact it is for you', 'こちらでの精度', '이쪽에서의 정확도'],
  'why.head.coarser': ['Why it is coarser for you', 'こちらでは粗く見える理由', '이쪽에서 더 대략적인 이유'],
  'why.head.others': ['Who else sees it', 'ほかに見ている国', '다른 열람 당사국'],
  'why.head.act': ['Act on it', '措置', '조치'],

  'why.from.own': [
    'Made by {party} at {time} from its own observations.',
    '{party}が自国の観測から {time} に作成しました。',
    '{party}이(가) 자국 관측으로 {time}에 작성했습니다.',
  ],
  'why.from.fused': [
    'Made by {party} at {time}; observations of {parties} went in.',
    '{party}が {time} に作成しました。{parties}の観測も使われています。',
    '{party}이(가) {time}에 작성했습니다. {parties}의 관측도 들어갔습니다.',
  ],
  'why.from.given': [
    'Made by {party} at {time}, who gave it to us at {received} (ledger entry {entry}).',
    '{party}が {time} に作成し、{received} に提供しました（台帳 {entry} 番）。',
    '{party}이(가) {time}에 작성해 {received}에 제공했습니다(원장 {entry}번).',
  ],
  'why.from.passed': [
    'Made by {party} at {time}; {sender} passed it on to us at {received} (ledger entry {entry}).',
    '{party}が {time} に作成し、{sender}が {received} に中継しました（台帳 {entry} 番）。',
    '{party}이(가) {time}에 작성했고 {sender}이(가) {received}에 전달했습니다(원장 {entry}번).',
  ],
  'why.from.others': [
    'Observations of {parties} went into it.',
    '{parties}の観測が使われています。',
    '{parties}의 관측이 들어갔습니다.',
  ],
  'why.from.under': [
    'What partners gave for it came under {agreements}.',
    '相手国からの情報は {agreements} に基づいて受領しました。',
    '상대국의 정보는 {agreements}에 따라 받았습니다.',
  ],
  'why.valid': [
    'It says how things were at {time}.',
    '{time} 時点の状況を示します。',
    '{time} 시점의 상황을 나타냅니다.',
  ],

  'why.head.sources': ['What it is fused from', '融合の元', '융합의 출처'],
  'why.sight': [
    'Fused here from what {count} sources tell of one object.',
    '一つの目標について {count} の出所からの情報を、ここで融合したものです。',
    '한 물체에 대한 {count}개 출처의 정보를 이곳에서 융합한 것입니다.',
  ],
  'why.sight.one': [
    'Made here of what one source tells.',
    '一つの出所からの情報を、ここでまとめたものです。',
    '한 출처의 정보를 이곳에서 정리한 것입니다.',
  ],
  'why.sight.own': [
    'Observations of our own sensors; no item of ours tells of it now.',
    '自国のセンサーの観測です。現在これを示す自国の項目はありません。',
    '자국 센서의 관측입니다. 지금 이를 나타내는 자국 항목은 없습니다.',
  ],
  'why.sight.earlier': [
    'What {party} gave went in; no item of it that you may see tells of the object now.',
    '{party}が提供した情報が使われています。現在これを示し閲覧できる項目はありません。',
    '{party}이(가) 제공한 정보가 들어갔습니다. 지금 이를 나타내며 열람할 수 있는 항목은 없습니다.',
  ],
  'why.sight.item': ['Why this item', 'この項目の根拠', '이 항목의 근거'],

  'why.in.own': [
    'It is our own: nothing had to let it in.',
    '自国の情報です。受領の根拠は要りません。',
    '자국 정보이므로 받을 근거가 필요하지 않습니다.',
  ],
  'why.in.decided': [
    '{party} decided at {time} to give it to us, for {purpose}.',
    '{party}が {time} に、{purpose} の目的で提供を決定しました。',
    '{party}이(가) {time}에 {purpose} 목적으로 제공을 결정했습니다.',
  ],
  'why.in.decided.via': [
    '{party} decided at {time} to give it to us through {via}, for {purpose}.',
    '{party}が {time} に、{via}を経て {purpose} の目的で提供することを決定しました。',
    '{party}이(가) {time}에 {via}을(를) 거쳐 {purpose} 목적으로 제공을 결정했습니다.',
  ],
  'why.in.expires': [
    'Our copy ends at {time}.',
    'こちらの写しは {time} に失効します。',
    '이쪽 사본은 {time}에 만료됩니다.',
  ],
  'why.by.rule': ['Decided by rule.', '規則による判断です。', '규칙에 따른 결정입니다.'],
  'why.by.person': ['Approved by {officers}.', '{officers} が承認しました。', '{officers}이(가) 승인했습니다.'],
  'why.clause': [
    'Clause {article}, {title}, version {version}',
    '条項 {article}（{title} 第{version}版）',
    '조항 {article}({title} 제{version}판)',
  ],
  'why.clause.unknown': [
    'Clause {name}, which our agreements do not hold',
    '条項 {name}（手元の協定にはありません）',
    '조항 {name}(보유한 협정에 없음)',
  ],

  'why.form': [
    '{party} gave it in this form: {form}.',
    '{party}からの提供形式：{form}。',
    '{party}이(가) 제공한 형식: {form}.',
  ],
  'why.full': [
    '{party} took nothing away from it.',
    '{party}は何も削っていません。',
    '{party}은(는) 아무것도 덜어 내지 않았습니다.',
  ],
  'why.inside': [
    'Our own house shows it to you with less:',
    '自国の内部規定により、次の制限つきで表示しています。',
    '자국 내부 규정에 따라 다음 제한을 두고 표시합니다.',
  ],
  'why.duty.delay_s': [
    'It comes at least {seconds} late, and is so much older.',
    '少なくとも {seconds} 遅れて届きます。その分だけ古い情報です。',
    '적어도 {seconds} 늦게 옵니다. 그만큼 오래된 정보입니다.',
  ],
  'why.duty.thin_s': [
    'A new version comes every {seconds} at most.',
    '新しい版は {seconds} に一度までです。',
    '새 버전은 {seconds}에 한 번까지만 옵니다.',
  ],
  'why.duty.span_s': [
    'Tracks come in whole spans of {seconds}; where it was first and last seen is not told.',
    '航跡は {seconds} ごとの区切りで届きます。捕捉と喪失の時点は示されません。',
    '항적은 {seconds} 구간 단위로 옵니다. 처음과 마지막 포착 시점은 알리지 않습니다.',
  ],
  'why.duty.round_position_m': [
    'Positions are rounded to {metres}: by that alone up to {off} off along each axis.',
    '位置は {metres} 単位に丸められています。これだけで各軸に最大 {off} ずれます。',
    '위치를 {metres} 단위로 반올림했습니다. 그것만으로 축마다 최대 {off} 어긋납니다.',
  ],
  'why.duty.round_velocity_m_per_s': [
    'Velocities are rounded to {speed} m/s.',
    '速度は {speed} m/s 単位に丸められています。',
    '속도를 {speed} m/s 단위로 반올림했습니다.',
  ],
  'why.duty.round_time_s': [
    'Instants are rounded down to {seconds}: they may be so much too early.',
    '時刻は {seconds} 単位に切り捨てられています。その分だけ早い時刻になることがあります。',
    '시각을 {seconds} 단위로 내림했습니다. 그만큼 이른 시각일 수 있습니다.',
  ],
  'why.duty.cover_m': [
    'Positions are off on purpose by a hidden error of {metres} an axis (one sigma; three sigma {off}).',
    '位置には各軸 {metres}（1σ、3σでは {off}）の誤差が意図的に加えられています。',
    '위치에 축마다 {metres}(1σ, 3σ는 {off})의 오차를 일부러 더했습니다.',
  ],
  'why.duty.cover_epoch_s': [
    'That error is another every {seconds}.',
    'その誤差は {seconds} ごとに変わります。',
    '그 오차는 {seconds}마다 바뀝니다.',
  ],
  'why.duty.sigma_class_m': [
    'Errors are stated in classes from {metres} on, without a direction.',
    '誤差は {metres} 以上の階級で、方向なしで示されます。',
    '오차는 {metres} 이상의 등급으로, 방향 없이 표시합니다.',
  ],
  'why.duty.tear_line': [
    'It goes under a name of its own, which links to nothing else.',
    '他の情報と結び付かない別名で渡されます。',
    '다른 정보와 이어지지 않는 별도 이름으로 나갑니다.',
  ],
  'why.duty.strip': [
    'Left out: {fields}.',
    '除かれた項目：{fields}。',
    '제외한 항목: {fields}.',
  ],
  'why.duty.attribution': [
    'Who made it is shown as {attribution} only.',
    '作成元は{attribution}としてのみ示されます。',
    '작성자는 {attribution}(으)로만 표시합니다.',
  ],
  'why.duty.expire_s': [
    'The copy ends {seconds} after it left.',
    '写しは送出から {seconds} 後に失効します。',
    '사본은 보낸 뒤 {seconds} 후에 만료됩니다.',
  ],
  'why.duty.mark': ['It is marked {marks}.', '{marks} の表示が付きます。', '{marks} 표시가 붙습니다.'],
  'why.duty.return_or_destroy': [
    'It must be returned or destroyed when its purpose is over.',
    '目的を終えたら返却または廃棄しなければなりません。',
    '목적이 끝나면 반환하거나 파기해야 합니다.',
  ],
  'attribution.named': ['its name', '名称', '이름'],
  'attribution.office': ['its party', '国名', '당사국 이름'],
  'attribution.anonymous': ['nobody', '匿名', '익명'],

  'why.accuracy.track': [
    'As you have it, it is within {major} × {minor} of where it is shown (99.7 %).',
    'こちらの情報では、表示位置から {major} × {minor} の範囲にあります（99.7 %）。',
    '이쪽 정보로는 표시 위치에서 {major} × {minor} 안에 있습니다(99.7 %).',
  ],
  'why.accuracy.area': [
    'As you have it, the region is {major} × {minor} (half axes, 95 %).',
    'こちらの情報では、範囲の半径は {major} × {minor} です（95 %）。',
    '이쪽 정보로는 범위 반축이 {major} × {minor}입니다(95 %).',
  ],
  'why.accuracy.height': [
    'Its height is right to {metres} (99.7 %).',
    '高度の誤差は {metres} 以内です（99.7 %）。',
    '고도 오차는 {metres} 이내입니다(99.7 %).',
  ],
  'why.accuracy.time': [
    'Its instant is right to {seconds} (99.7 %).',
    '時刻の誤差は {seconds} 以内です（99.7 %）。',
    '시각 오차는 {seconds} 이내입니다(99.7 %).',
  ],

  'why.nobody': [
    'Nobody else gets it from here.',
    'ここから他国には渡っていません。',
    '여기서 다른 당사국으로 나가지 않습니다.',
  ],
  'why.kept.watch-area': [
    'It tells what we watch over: it goes to no partner, whatever a label or an agreement says.',
    '監視対象を示す情報です。ラベルや協定にかかわらず、どの国にも渡しません。',
    '감시 대상을 드러내는 정보입니다. 라벨이나 협정과 관계없이 어느 당사국에도 주지 않습니다.',
  ],
  'why.kept.called-back': [
    'It was called back: no version of it leaves any more.',
    '回収済みです。以後、どの版も送出しません。',
    '회수했습니다. 앞으로 어떤 버전도 나가지 않습니다.',
  ],
  'why.kept.own-staff': [
    'It was made for others: this partner has one of its own, or none.',
    '別の受け手向けに作成されたものです。この国には別の項目があるか、何もありません。',
    '다른 수신자용으로 만든 것입니다. 이 당사국에는 별도 항목이 있거나 아무것도 없습니다.',
  ],
  'why.other.via': [
    'To {party} through {via}:',
    '{via}を経て{party}へ：',
    '{via}을(를) 거쳐 {party}에:',
  ],
  'why.other.permit': [
    '{party} gets it in this form: {form}.',
    '{party}へ提供する形式：{form}。',
    '{party}에 제공하는 형식: {form}.',
  ],
  'why.other.refer': [
    '{party} gets nothing until a person has decided.',
    '担当官が判断するまで、{party}には何も渡りません。',
    '담당자가 결정할 때까지 {party}에는 아무것도 나가지 않습니다.',
  ],
  'why.other.withhold': [
    '{party} gets nothing: what no clause permits is withheld.',
    '{party}には何も渡りません。条項が認めないものは開示しません。',
    '{party}에는 아무것도 나가지 않습니다. 조항이 허용하지 않으면 공개하지 않습니다.',
  ],
  'why.other.reason': ['Reason: {reason} ({code}).', '理由：{reason}（{code}）。', '이유: {reason}({code}).'],
  'why.other.has': [
    '{party} has version {version} since {time} and signed for it (ledger entry {entry}).',
    '{party}は第{version}版を {time} から保持し、受領に署名しました（台帳 {entry} 番）。',
    '{party}은(는) {time}부터 제{version}판을 보유하며 수령에 서명했습니다(원장 {entry}번).',
  ],
  'why.other.sent': [
    'Version {version} left for {party} at {time} (ledger entry {entry}); no receipt yet.',
    '第{version}版を {time} に{party}へ送出しました（台帳 {entry} 番）。受領はまだ確認されていません。',
    '제{version}판을 {time}에 {party}(으)로 보냈습니다(원장 {entry}번). 아직 수령 확인이 없습니다.',
  ],
  'why.other.notYet': ['Nothing has left yet.', 'まだ何も送出していません。', '아직 아무것도 나가지 않았습니다.'],
  'why.other.leaves': [
    'Nothing has left yet; it may leave from {time} on.',
    'まだ送出していません。{time} 以降に送出できます。',
    '아직 나가지 않았습니다. {time}부터 나갈 수 있습니다.',
  ],
  'why.compare.place': [
    'Accuracy: {before} here, {after} there (longer half axis).',
    '精度：こちら {before}、相手 {after}（長半径）。',
    '정확도: 이쪽 {before}, 상대 {after}(긴 반축).',
  ],
  'why.compare.noPlace': [
    'It is told without a place.',
    '位置を除いて渡されます。',
    '위치 없이 제공합니다.',
  ],
  'why.compare.moved': [
    'The copy lies {metres} from what we hold.',
    '写しの位置は手元の位置から {metres} 離れています。',
    '사본의 위치는 이쪽 위치에서 {metres} 떨어져 있습니다.',
  ],
  'why.compare.time': [
    'The copy says {seconds} earlier than what we hold.',
    '写しの時刻は手元より {seconds} 前です。',
    '사본의 시각은 이쪽보다 {seconds} 앞섭니다.',
  ],
  'why.waits': [
    '{missing} of {needed} officers must still approve, by {time}; then it lapses.',
    '{needed} 名中あと {missing} 名の承認が必要です。期限 {time} を過ぎると失効します。',
    '담당관 {needed}명 중 {missing}명이 더 승인해야 합니다. 기한 {time}이 지나면 실효됩니다.',
  ],
  'why.waits.by': ['{officers} has approved.', '{officers} は承認済みです。', '{officers}은(는) 승인했습니다.'],
  'why.waits.unasked': [
    'No question waits on the desk: it was answered with no, or its time has passed.',
    '審査待ちの案件はありません。却下されたか、期限を過ぎました。',
    '심사 대기 중인 안건이 없습니다. 거부되었거나 기한이 지났습니다.',
  ],
  'why.waits.desk': ['To the release desk', '開示審査へ', '공개 심사로'],
  'why.decision': [
    'Decision {number}, {time}.',
    '判断 {number} 番、{time}。',
    '결정 {number}번, {time}.',
  ],
  'why.decision.now': [
    'As it would be decided at {time}.',
    '{time} 時点で判断した場合です。',
    '{time} 시점에 결정할 경우입니다.',
  ],

  'why.recall': ['Call it back …', '回収する…', '회수하기…'],
  'why.recall.reason': ['Why it is called back', '回収の理由', '회수 이유'],
  'why.recall.within': ['Answer within', '回答期限', '응답 기한'],
  'why.recall.ask': [
    'Every holder is asked to destroy {item} and all older versions within {time}. From then on no version of it leaves any more. This cannot be undone.',
    '保持するすべての国に、{item} と以前のすべての版を {time} 以内に廃棄するよう求めます。以後、どの版も送出しません。取り消せません。',
    '보유한 모든 당사국에 {item}과(와) 이전의 모든 버전을 {time} 안에 파기하도록 요청합니다. 이후 어떤 버전도 나가지 않습니다. 취소할 수 없습니다.',
  ],
  'why.recall.yes': ['Yes, call it back', 'はい、回収します', '예, 회수합니다'],
  'why.loss': ['Report it as lost …', '紛失を報告する…', '분실 보고하기…'],
  'why.loss.happened': ['What happened', '何が起きたか', '무슨 일이 있었는지'],
  'why.loss.measures': ['What was done about it', '取った措置', '취한 조치'],
  'why.loss.confirmed': ['The loss is confirmed', '紛失は確認済み', '분실이 확인됨'],
  'why.loss.ask': [
    '{party}, who made it, is told at once that our copy of {item} was lost, and waits for more from us. This cannot be undone.',
    '作成国の{party}に、{item} の写しを紛失したことを直ちに通知します。続報の義務が生じます。取り消せません。',
    '작성국 {party}에 {item} 사본을 분실했음을 즉시 알리며, 후속 보고 의무가 생깁니다. 취소할 수 없습니다.',
  ],
  'why.loss.yes': ['Yes, report it', 'はい、報告します', '예, 보고합니다'],
  'why.no': ['No, go back', 'いいえ、戻る', '아니요, 돌아가기'],
  'why.answers': ['What came of it', 'その後の回答', '그 결과'],
  'why.answers.at': ['at {time}', '{time}', '{time} 기준'],
  'why.officer.only': [
    'Only a release officer may do this.',
    'この措置は開示担当官だけが行えます。',
    '이 조치는 공개 담당관만 할 수 있습니다.',
  ],
} as const;
