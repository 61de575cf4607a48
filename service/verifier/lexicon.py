"""Word lists of the verifier: function words, negations, absolutes, hedges, opposites, and numbers in words."""

from core.text import stem

FUNCTION_WORDS = frozenset(
    """a about above again all also am an and any are as at be been being both but by can could did do does doing each
    every for from further had has have having he her here him his how i if in into is it its itself just let may me
    might more most much must my of off on once one or other our out over own same she should since so some such than
    that the their them then there these they this those through thus to too until up upon us very was we were what
    when where whereas which while who whom whose why will with would you your basically really actually well get gets
    got because therefore hence thereby""".split()
)
NEGATIONS = frozenset(
    """not no never none neither nor without cannot hardly barely rarely seldom scarcely nothing nobody nowhere lack
    lacks lacking fails fail unable impossible avoid avoids instead unless""".split()
)
ABSOLUTES = frozenset(
    "always never only every all none entirely completely guarantee guarantees must exactly any alone solely".split()
)
HEDGES = frozenset(
    """may might can could often usually sometimes mostly mainly roughly about only hardly almost nearly rarely most
    some few at least""".split()
)
RETRACTIONS = frozenset("false wrong myth incorrect untrue mistaken misconception nonsense fallacy far".split())
TELLING = frozenset(
    """over under above below before after more less fewer most least all some none only always few many
    must may can could might should unless until except
    minus plus times""".split()
)
"""Words of closed classes that decide what a sentence claims."""
REASONS = frozenset("because since as hence therefore so thus".split())
UNITS_OF_MEASURE = frozenset(
    """points percent percentage kb mb gb tb pb ns us ms s sec seconds minutes hours days weeks months years m b k bn
    thousand million billion trillion hz khz mhz ghz w kw mm cm km g kg bits bytes bit byte tokens flops""".split()
)
CAUSES = frozenset("because since as due thanks owing through".split())
_OPPOSITES = """
    more:less,fewer higher:lower high:low raise:lower,reduce,cut increase:decrease,reduce,lower,fall,shrink
    grow:shrink,fall rise:fall,drop up:down above:below before:after,afterwards earlier:later
    first:last,second early:late larger:smaller bigger:smaller greater:smaller,less,lower large:small big:small
    better:worse best:worst good:bad,poor strong:weak stronger:weaker faster:slower fast:slow quick:slow
    easy:hard,difficult easier:harder,costlier cheap:expensive,costly,dear cheaper:dearer,costlier
    improve:worsen,harm,hurt,degrade help:hurt,harm gain:lose,loss always:never,sometimes,rarely often:rarely,seldom
    usually:rarely,seldom,never most:few,least many:few all:none,some,no maximum:minimum maximise:minimise max:min
    positive:negative true:false with:without inside:outside include:exclude add:remove,subtract keep:drop,discard
    overstate:understate overestimate:underestimate overfit:underfit bias:variance precision:recall
    same:different,another similar:different equal:unequal,different constant:varying known:unknown biased:unbiased
    stable:unstable dependent:independent supervised:unsupervised deterministic:random,stochastic
    possible:impossible necessary:unnecessary needed:unneeded safe:unsafe,dangerous relevant:irrelevant
    certain:uncertain reliable:unreliable balanced:imbalanced,unbalanced sparse:dense shallow:deep narrow:broad,wide
    short:long shorter:longer online:offline explicit:implicit linear:nonlinear convex:concave upper:lower
    parallel:sequence,sequentially,serial allow:prevent,forbid enable:prevent,disable accept:reject succeed:fail
    success:failure pass:fail start:end,stop begin:end,finish open:closed input:output forward:backward train:test
    training:inference,serving,testing internal:external public:private manual:automatic,automated static:dynamic
    fixed:variable,learned global:local simple:complex rich:poor new:old recent:old future:past old:young
    minority:majority rare:common,frequent cause:prevent ignore:consider,use worthless:valuable useful:useless
    both:neither,one left:right north:south east:west win:lose won:lost born:died buy:sell male:female"""
UNITS = dict(
    zip(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen""".split(),
        range(20),
        strict=True,
    )
)
TENS = {word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
SHARES = {
    "half": 1 / 2, "halves": 1 / 2, "halved": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10,
    "once": 1.0, "twice": 2.0, "double": 2.0, "doubles": 2.0, "triple": 3.0, "thrice": 3.0, "dozen": 12.0,
}  # fmt: skip


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for entry in _OPPOSITES.split():
        word, others = entry.split(":")
        for other in others.split(","):
            for a, b in ((stem(word), stem(other)), (stem(other), stem(word))):
                found[a] = found.get(a, frozenset()) | {b}
    return found


OPPOSITES = _opposites()
"""By stem, the stems of its opposites."""
