"""The commonest function words of some languages: to leave out of keywords, and to guess a language by."""

from __future__ import annotations

from types import MappingProxyType

_WORDS = {
    "en": """a about after all also an and any are as at be been before being but by can could did do
        does for from had has have he her here him his how i if in into is it its just may me more
        most my no not of on one only or other our out over she should so some such than that the
        their them then there these they this those through to too under up us very was we were what
        when where which while who why will with would you your don't it's""",
    "es": """a al algo como con cual cuando de del desde donde dos el ella ellos en entre era es esa
        ese eso esta este esto estos está están fue ha había han hasta hay la las le les lo los me
        mi mucho muy más nada ni no nos o otra otro para pero poco por porque que quien qué se ser
        si sin sobre son su sus también tan te tiene todo todos un una uno y ya yo él""",
    "fr": """ai au aux avec c'est ce ces cette comme d'un d'une dans de des donc du elle elles en est
        et eu il ils je la le les leur leurs lui mais me même mes moi mon ne nos notre nous on ont
        ou où par pas plus pour qu'il que qui sa sans se ses si son sont sur ta te tes toi ton tu un
        une vos votre vous y à été être""",
    "de": """aber als also am an auch auf aus bei bin bis bist da dann das dass dem den der des die
        dies diese dieser doch du durch ein eine einem einen einer es für haben hat hatte ich ihr im
        in ist ja kann mein mich mir mit nach nicht noch nur ob oder ohne sehr sein sich sie sind so
        über um und uns unter vom von vor war was wenn wer werden wie wieder wir wird wurde zu zum
        zur""",
    "it": """a ai al alla alle anche che chi ci come con da dal dalla dei del della delle di dove e
        ed era gli ha hanno ho i il in io la le lei lo loro lui ma mi mia molto nel nella nelle no
        noi non o per perché più quella quello questa questo se sei si sono su sua suo sul tra tu un
        una uno è""",
    "pt": """a ao aos as até com como da das de dela dele depois do dos e ela ele em entre era essa
        esse esta este eu foi foram há isso já lhe mais mas me mesmo meu muito na nas nem no nos não
        o os ou para pela pelo por qual quando que quem se sem ser seu sua são também te tem um uma
        você é à""",
    "nl": """aan al als bij dan dat de der deze die dit doch doen door dus een en er ge geen haar had
        heb hebben heeft hem het hij hoe hun ik in is ja je kan maar me meer men met mijn moet na
        naar niet nog nu of om onder ook op over te tot uit van veel voor waren was wat we wel werd
        wie wij worden wordt zich zij zijn zo zou""",
    "sv": """alla att av blev bli de dem den denna det detta dig din du där efter ej eller en er ett
        från för ha hade han har hon honom hur här i icke inte jag ju kan man med mig min mot mycket
        ni nu när och om oss på sin sig skulle som så till under upp ut vad var vi vid än är över""",
    "da": """af alle at blev bliver da de dem den denne der det dette dig din du efter eller en end
        er et for fra ham han har havde hun hvad hvis hvor i ikke ind jeg jo kunne man med men mig
        min mod når nu og også om op os på sig sin skal som til ud under var ved vi vil være""",
    "pl": """a ale bardzo bez bo by być był była było co czy dla do gdy go i ich ile im ja jak jako
        je jego jej jest jeszcze już każdy który która które lub ma mi mnie może na nad nie nich
        niego o od oraz po pod przez przy się są ta tak tam te tego tej ten to tu ty tylko tym w we
        więc wszystko z za ze że""",
    "ca": """a al als amb aquest aquesta com de del dels des el ella ells els en entre és era es està
        fins ha han i la les li lo més no nosaltres o on per perquè però quan que què qui se sense
        ser seu seva si sobre són també tot un una unes uns va""",
    "ro": """a acest această ai al am ar are au ca care că ce cel cu cum da dar de din după ei el ele
        era este eu fi fost în la le lor lui mai mult nu o pe pentru prin sa sau se sunt și toate
        tot un una unei unui va""",
    "tr": """ama bana ben bir biz bu bunu çok da daha de değil diye en gibi hem her için ile ise
        kadar ki kim mi mı ne neden o olan olarak oldu olduğu onlar onu sen siz şey şu ve veya ya
        yok var""",
}

#: Language (ISO 639-1) → its commonest function words, in lower case.
FUNCTION_WORDS = MappingProxyType({language: frozenset(text.split()) for language, text in _WORDS.items()})
EVERY_FUNCTION_WORD = frozenset().union(*FUNCTION_WORDS.values())
