/** Texts of the frame around the rooms, in English, Japanese and Korean. */

export const SHELL = {
  'room.label': ['Rooms', '画面の切り替え', '화면 전환'],
  'room.picture': ['Picture', '状況図', '상황도'],
  'room.sides': ['Side by side', '並列表示', '나란히 보기'],
  'shell.skip': ['Skip to the room', '本文へ移動', '본문으로 건너뛰기'],
  'shell.acting': ['Acting as', '立場', '입장'],
  'shell.acting.why': [
    'In this exercise you stand at one party at a time and see what its own staff would see.',
    'この演習では一度に一つの当事者の立場に立ち、その当直員に見えるものを見ます。',
    '이 훈련에서는 한 번에 한 당사자의 입장에서 그 당직자가 보는 것을 봅니다.',
  ],
  'keys.title': ['Keys', 'キー操作', '단축키'],
  'keys.open': ['Keys and help', 'キー操作の一覧', '단축키와 도움말'],
  'keys.close': ['Close', '閉じる', '닫기'],
  'keys.everywhere': ['Everywhere', '全画面共通', '모든 화면'],
  'keys.here': ['In this room', 'この画面', '이 화면'],
  'keys.help': ['Show the keys', 'キー操作の一覧を表示', '단축키 목록 표시'],
  'keys.room': ['Go to: {room}', '{room}へ移動', '{room}(으)로 이동'],
  'keys.space': ['Space', 'スペース', '스페이스'],
  'keys.pause': ['Pause or play', '一時停止・再生', '일시 정지·재생'],
  'keys.slower': ['Slower', '遅くする', '느리게'],
  'keys.faster': ['Faster', '速くする', '빠르게'],
  'keys.map': [
    'On a map that has the focus: arrows move, + and - zoom, Page Up and Page Down tilt, Shift with arrows turns, 0 goes back.',
    '地図にフォーカスがあるとき：矢印キーで移動、＋と－で拡大・縮小、Page Up と Page Down で傾き、Shift＋矢印で回転、0 で初期表示。',
    '지도에 포커스가 있을 때: 화살표 키로 이동, +와 -로 확대·축소, Page Up과 Page Down으로 기울기, Shift+화살표로 회전, 0으로 처음 화면.',
  ],
  'refused.unreachable': [
    'Not done: the node could not be reached. Check that it runs, then try again.',
    '実行できませんでした：ノードに接続できません。稼働を確認してから、もう一度お試しください。',
    '실행되지 않았습니다: 노드에 연결할 수 없습니다. 동작 중인지 확인한 뒤 다시 시도하십시오.',
  ],
} as const;
