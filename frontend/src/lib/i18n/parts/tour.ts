/** Texts of the guided tour, in English, Japanese and Korean. What they state is in docs/page.md with its sources. */

export const TOUR = {
  'tour.label': ['Guided tour', '案内', '안내'],
  'tour.begin': ['Begin the guided tour (3 min)', '案内を始める（約3分）', '안내 시작(약 3분)'],
  'tour.step': ['{here} of {all}', '{all}のうち{here}', '{all} 중 {here}'],
  'tour.next': ['Next', '次へ', '다음'],
  'tour.back': ['Back', '前へ', '이전'],
  'tour.hold': ['Hold', '止める', '멈춤'],
  'tour.go': ['Go on', '続ける', '계속'],
  'tour.leave': ['Leave (Esc)', '終了 (Esc)', '나가기 (Esc)'],
  'tour.flying': ['The replay runs to this moment …', 'この時点まで再演中 …', '이 시점까지 재생 중 …'],
  'tour.unknown': ['not yet', 'まだなし', '아직 없음'],

  'tour.welcome.title': ['One flight, three pictures', '一つの飛翔、三つの状況図', '하나의 비행, 세 개의 상황도'],
  'tour.welcome.text': [
    '5 April 2009, about 02:30 UTC: a rocket of several stages is launched. Ships of Japan, Korea and the United States watch. Each of these three pictures holds only what that party has itself, or was given under an agreement. It is a simulation: every sensor is generic.',
    '2009年4月5日、協定世界時2時30分ごろ、多段式ロケットが発射された。日本、韓国、米国の艦が見ている。三つの状況図には、各当事者が自ら得たもの、または協定により渡されたものだけがある。これはシミュレーションで、センサーはすべて一般的な値。',
    '2009년 4월 5일 협정 세계시 2시 30분경, 다단 로켓이 발사되었다. 일본, 한국, 미국의 함정이 지켜본다. 세 상황도에는 각 당사자가 스스로 얻었거나 협정에 따라 받은 것만 있다. 이것은 모의이며 센서는 모두 일반적인 값이다.',
  ],
  'tour.launch.title': ['Who sees it first?', '最初に捉えたのは？', '누가 먼저 보았나?'],
  'tour.launch.text': [
    'First to hold it in this replay: {party}, {seconds} s after the launch. The column First says it for every object.',
    'この再演で最初に捉えたのは{party}、発射の{seconds}秒後。「最初」の列が対象ごとに示す。',
    '이 재생에서 가장 먼저 잡은 쪽은 {party}, 발사 {seconds}초 뒤다. ‘최초’ 열이 대상마다 알려 준다.',
  ],
  'tour.korea.title': ['Korea tracks it', '韓国が追尾', '한국이 추적한다'],
  'tour.korea.text': [
    'The press named one Korean destroyer that followed this flight. In the replay its picture holds the object since T+{kor} s, from its own radar. The ellipse is where the object is with 99.7 %.',
    '報道によれば、韓国の駆逐艦1隻がこの飛翔を追尾した。再演では自艦のレーダーによりT+{kor}秒から捉えている。楕円は99.7%の確率で対象がいる範囲。',
    '보도에 따르면 한국 구축함 한 척이 이 비행을 추적했다. 재생에서는 자체 레이더로 T+{kor}초부터 잡고 있다. 타원은 대상이 99.7 % 확률로 있는 범위다.',
  ],
  'tour.japan.title': ['Japan tracks it too', '日本も追尾', '일본도 추적한다'],
  'tour.japan.text': [
    'Japan followed the same object with ships of its own: here since T+{jpn} s. Two parties, two tracks of one thing.',
    '日本も自らの艦で同じ対象を追尾した。ここではT+{jpn}秒から。一つの対象に、二つの当事者、二つの航跡。',
    '일본도 자국 함정으로 같은 대상을 추적했다. 여기서는 T+{jpn}초부터다. 하나의 대상에 두 당사자, 두 항적.',
  ],
  'tour.apart.title': ['Neither sees the other’s', '互いに相手の航跡は見えない', '서로의 항적은 보지 못한다'],
  'tour.apart.text': [
    'The object is out of reach of Korea’s ship now. Japan still has it, yet nothing of it is on Korea’s map: the broken ring marks what Korea lacks. Open “lacks it” in the table to read why.',
    '対象は韓国の艦の届かない所にある。日本はまだ捉えているが、韓国の地図には何もない。破線の輪が韓国に欠けているものを示す。表の「欠如」を開くと理由が読める。',
    '대상은 이제 한국 함정이 닿지 않는 곳에 있다. 일본은 아직 잡고 있지만 한국 지도에는 아무것도 없다. 점선 고리가 한국에 없는 것을 표시한다. 표의 ‘없음’을 열면 이유를 읽을 수 있다.',
  ],
  'tour.bound.title': ['The United States has both, and may pass on neither', '米国は双方を持つが、渡せない', '미국은 둘 다 가졌지만 넘길 수 없다'],
  'tour.bound.text': [
    'It has a separate agreement with each ally, and under each what is received stays with the receiver. So its picture is the fullest, and the gap between the other two stays.',
    '米国は各同盟国と別々の協定を持ち、いずれも受領した情報は受領者に留まる。米国の状況図が最も充実しているのに、両国の間の空白は埋まらない。',
    '미국은 동맹국마다 별도의 협정을 맺었고, 각 협정에서 받은 정보는 받은 쪽에 머문다. 그래서 미국의 상황도가 가장 충실한데도 두 나라 사이의 공백은 그대로다.',
  ],
  'tour.matrix.title': ['Nothing is the default', '原則は「提供しない」', '기본은 ‘제공하지 않음’'],
  'tour.matrix.text': [
    'Here Korea looks at its agreements. Each cell says what goes at best, how, and under which clause. Between Korea and Japan: nothing, for there is no agreement. What others have with each other, Korea is not told.',
    '韓国から見た協定。各欄は、何がどのように、どの条項で渡るかを示す。日韓の間は、協定がないため何も渡らない。ほかの当事者同士の取り決めは、韓国には知らされない。',
    '한국에서 본 협정이다. 각 칸은 무엇이 어떻게, 어느 조항으로 가는지 알려 준다. 한일 사이에는 협정이 없어 아무것도 가지 않는다. 다른 당사자끼리의 약정은 한국에 알려지지 않는다.',
  ],
  'tour.hub.title': ['2014: through the United States', '2014年：米国を経由', '2014년: 미국을 거쳐'],
  'tour.hub.text': [
    'The same flight under the three-way arrangement of December 2014. Tracks may pass through the United States, after an officer approves. How long that takes and how coarse they are was never published: here 90 s, 10 s late and 5 km.',
    '同じ飛翔を、2014年12月の三者取り決めの下で。担当官の承認後、航跡は米国経由で渡る。所要時間と粗さは公表されていない。ここでは90秒、10秒遅れ、5 kmと仮定。',
    '같은 비행을 2014년 12월 3자 약정에 따라 본다. 담당관이 승인하면 항적이 미국을 거쳐 간다. 걸리는 시간과 거친 정도는 공개된 적이 없다. 여기서는 90초, 10초 지연, 5 km로 가정한다.',
  ],
  'tour.direct.title': ['2016: directly, when asked', '2016年：直接、承認の上で', '2016년: 직접, 승인을 받아'],
  'tour.direct.text': [
    'The agreement of November 2016 lets whole tracks go directly, case by case. Once the officers have approved, what one party tracks is in the other’s picture as well.',
    '2016年11月の協定により、航跡全体が個別の判断で直接渡る。担当官が承認すれば、一方が追尾するものが他方の状況図にも現れる。',
    '2016년 11월 협정에 따라 전체 항적이 사안별로 직접 간다. 담당관이 승인하면 한쪽이 추적하는 것이 다른 쪽 상황도에도 나타난다.',
  ],
  'tour.realtime.title': ['2023: warning data at once', '2023年：警戒データを即時に', '2023년: 경보 데이터를 즉시'],
  'tour.realtime.text': [
    'Since 19 December 2023 launch point, flight path and expected impact are shared in real time. Here 1 s late, without the sensors’ names, through the United States, and nobody is asked first.',
    '2023年12月19日から、発射地点、飛翔経路、落下予測を即時に共有。ここでは1秒遅れ、センサー名なし、米国経由、事前の承認なし。',
    '2023년 12월 19일부터 발사 지점, 비행 경로, 예상 낙하 지점을 실시간으로 공유한다. 여기서는 1초 지연, 센서 이름 없이, 미국을 거쳐, 사전 승인 없이 간다.',
  ],
  'tour.worth.title': ['What an agreement is worth', '協定の価値', '협정의 가치'],
  'tour.worth.text': [
    'Measured over repeated runs, Korea: 2009, {seen2009} of the flight and {error2009} off. 2014, {seen2014}, but {error2014} off: coarse tracks fill the gap. 2016, {seen2016} and {error2016}. 2023, {seen2023} and {error2023}. Strike a clause below and see what is lost.',
    '反復計測による韓国の値：2009年は飛翔の{seen2009}、誤差{error2009}。2014年は{seen2014}だが誤差{error2014}（粗い航跡で空白を埋めるため）。2016年は{seen2016}、{error2016}。2023年は{seen2023}、{error2023}。下で条項を削除すると、失うものが分かる。',
    '반복 측정한 한국의 값: 2009년에는 비행의 {seen2009}, 오차 {error2009}. 2014년에는 {seen2014}이지만 오차 {error2014}(거친 항적이 공백을 메움). 2016년에는 {seen2016}, {error2016}. 2023년에는 {seen2023}, {error2023}. 아래에서 조항을 삭제하면 무엇을 잃는지 볼 수 있다.',
  ],
  'tour.tasks.title': ['Now you', 'ここからはあなたの番', '이제 직접 해 보십시오'],
  'tour.tasks.text': [
    'Three things to try, each in under two minutes. The tour is under ? whenever you want it again.',
    '試してほしいことが三つ、どれも2分以内。案内は「？」からいつでも再開できます。',
    '해 볼 일 세 가지, 각각 2분 안에 됩니다. 안내는 ‘?’에서 언제든 다시 볼 수 있습니다.',
  ],
  'tour.task.first': [
    'Who tracked it first? Side by side, column First.',
    '最初に追尾したのは？「並列表示」の「最初」の列。',
    '누가 먼저 추적했나? ‘나란히 보기’의 ‘최초’ 열.',
  ],
  'tour.task.why': [
    'Why can Korea not see this? Side by side, open “lacks it”; or Agreements as Korea.',
    'なぜ韓国には見えない？「並列表示」で「欠如」を開く。または韓国の立場で「協定」を見る。',
    '왜 한국은 이것을 볼 수 없나? ‘나란히 보기’에서 ‘없음’을 열거나, 한국 입장에서 ‘협정’을 본다.',
  ],
  'tour.task.give': [
    'Give Japan the track but not the sensor: choose 2014, act as Korea, and answer at the release desk.',
    'センサーを明かさず日本に航跡を渡す：2014年を選び、韓国の立場で提供窓口に答える。',
    '센서는 빼고 항적만 일본에 주기: 2014년을 고르고 한국 입장에서 제공 심사에 답한다.',
  ],
} as const;
