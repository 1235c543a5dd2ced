"""What callers say in English around and for an answer: the words that grammars are made of."""

HESITATIONS = """
    uh, um, er, erm, hm, hmm, well, so, okay, ok, oh, ah, right, alright, sure, yes, yeah, yep, hi, hello,
    hey, please, and, then, sorry, now, just, like, actually, let me see, let's see, good morning, thank you,
    no, nope
"""
ENDINGS = """
    please, thanks, thank you, thank you very much, now, okay, ok, sir, ma'am, madam, right, that's it,
    that is it, that's all, for me, if possible, if you can, yes, again
"""
PARTINGS = "goodbye, good bye, bye"
WANTS = """
    i want, i want to, i want a, i want an, i want the, i want my, i'd like, i'd like to, i'd like a,
    i'd like an, i would like, i would like to, i would like a, i need, i need to, i need a, i need an,
    i need the, i need my, i have, i have a, i have an, can i, can i get, can i have, can i get a,
    can i have a, can i speak to, can i speak to a, can i speak to an, can i talk to, can i talk to a,
    can i talk to an, could i, could i get, could i have, could i speak to a, can you, could you, would you,
    give me, give me a, give me an, give me the, get me, get me a, get me an, let me, let me talk to,
    let me talk to a, let me talk to an, let me speak to, let me speak to a, let me speak to an, talk to,
    talk to a, talk to an, speak to, speak to a, speak to an, i want to talk to, i want to talk to a,
    i want to talk to an, i want to speak to, i want to speak to a, i want to speak to an,
    i'd like to talk to, i'd like to talk to a, i'd like to talk to an, i'd like to speak to,
    i'd like to speak to a, i'd like to speak to an, connect me to, connect me to a, connect me to an,
    connect me with, connect me with a, connect me with an, transfer me to, transfer me to a,
    transfer me to an, it's about, it's about a, it's about an, it's about the, it's about my, it is about,
    about, about a, about an, about the, about my, for, for a, for an, for the, for my, i'm calling about,
    i'm calling about a, i'm calling about an, i'm calling about the, i'm calling about my,
    i am calling about, i am calling about a, i am calling about an, i am calling about my,
    i have a question about, question about, i have a problem with, tell me, tell me about, tell me the,
    go to, go to the, take me to, take me to the, show me, it's, it is, it's a, it's the, that's, the, a,
    an, my, to, i'll take, i'll take the, i'll have, i choose, i mean, i said, i'm, i am
"""
ANSWERS_YES = """
    yes, yeah, yea, yep, yup, yah, aye, yes sir, yes ma'am, exactly, absolutely, certainly, definitely,
    affirmative, indeed, totally, precisely, confirmed, agreed, i agree, i confirm, that's right,
    that is right, that's correct, that is correct, that's true, that's the one, that's me, you're right,
    you are right, of course, go ahead, let's do it, sounds right, looks right, sounds good, looks good,
    sounds great, uh huh, mm hm, mhm, mm hmm, you got it, you bet, i think so, i guess so, i suppose so,
    i believe so, i hope so, please do, why not, by all means, for sure, that works, works for me,
    i'd like that, i would like that, i'd love to, no problem, no worries, sure thing, okay, ok, sure,
    alright, all right, that's fine, that's okay, that's good, that's great, fine, perfect, great, all good,
    cool, very well, fair enough, it's fine, good idea, right, correct, do it, do that, you can, it is,
    it does, it was, i do, i did, i would, i will, i am, i have, i want to, i want that, true, please,
    yes please, yes it is, yes i do, yes that's right, yes that's correct
"""
ANSWERS_NO = """
    no, nope, nah, naw, nay, wrong, incorrect, negative, false, no thanks, no thank you, no way, no chance,
    not right, not correct, not really, not at all, not now, not yet, not today, not that, leave it,
    forget it, uh uh, nuh uh, that's all, that is all, that'll be all, that will be all,
    that's everything, nothing else, nothing more, no more, i don't think so, i think not, i guess not,
    i don't believe so, i'm afraid not, of course not, absolutely not, certainly not, definitely not,
    probably not, better not, rather not, i'd rather not, never mind, nevermind, don't bother, please don't,
    no need, i disagree, that's not it, i'm good, i'm fine, i'm all set, not interested, don't do that,
    do not do that, don't do it, that's wrong, that is wrong, that's not right, that is not right,
    that's not correct, that is not correct, that's incorrect, it isn't, it is not, it's not, it doesn't,
    i didn't, i don't, i do not, i haven't, i wouldn't, i won't, i can't, it wasn't, that wasn't it, never,
    don't, do not, stop, no it isn't, no it's not, no i don't, no that's wrong, no that's not right,
    i don't want to, i don't want that, i do not want that
"""
ANSWER_HESITATIONS = (
    "uh, um, er, erm, hm, hmm, well, so, oh, ah, i think, i guess, sorry, actually, and, let me see"
)
ANSWER_ENDINGS = "please, thanks, thank you, sir, ma'am, madam, really, though, then, now, sorry, either"

NUMBER_OPENINGS = """
    i think, i believe, i guess, i have, i've got, i got, let me see, here it is, here it comes,
    here you go, one moment, one second, just a second, let me check, you can use, it is for,
    i'm calling about, i am calling about, it's about, i want to check, i'd like to check,
    i would like to check, i want to know about, about, yes it's, no it's, no, is it, okay it's, i said,
    i meant, the answer is
"""
NUMBER_OWNERS = "my, the, this, that, our, your"
NUMBER_KINDS = """
    order, tracking, customer, account, reference, phone, telephone, mobile, cell, invoice, confirmation,
    booking, ticket, card, gift card, credit card, membership, member, client, contract, pin, zip, post,
    postal, policy, case, serial, product, item, return, purchase, delivery, shipping, parcel, package,
    security, access, bill, billing, user, service, model, receipt, registration, reservation, full,
    complete, whole, correct, new, old, order's, daytime, home, work, office, callback, call back
"""
NUMBER_NOUNS = "number, numbers, code, id, pin, digits, order, reference, no, identification"
NUMBER_LINKS = """
    is, was, it's, it is, would be, will be, should be, that's, that is, this is, reads, says, it says,
    it reads, that would be, it would be, that should be, it should be, it was, it must be, they are,
    those are, goes, it goes, number, is number, on it is, here is, here's, starts with, ends with, ends in
"""
NUMBER_FILLERS = "uh, um, er, erm, hm, and, dash, hyphen, then, space, followed by, again"

DAY_WORDS = """
    today, tonight, this morning, this afternoon, this evening, yesterday, last night,
    the day before yesterday, day before yesterday, tomorrow, the day after tomorrow, day after tomorrow,
    tomorrow morning, last week, next week, last month, next month, this week, this month
"""
WEEKDAYS = "monday, tuesday, wednesday, thursday, friday, saturday, sunday"
WEEKDAY_FRAMES = "last, past, next, this, on, this coming, coming, the coming, following, previous, of"
MONTHS = """
    january, february, march, april, may, june, july, august, september, october, november, december, jan,
    feb, mar, apr, jun, jul, aug, sep, sept, oct, nov, dec
"""
DAY_UNITS = "day, days, week, weeks, fortnight, month, months, year, years"
DATE_OPENINGS = """
    it's, it is, it was, that's, that was, on, i think, i think it was, i bought it, i bought it on,
    i ordered it, i ordered it on, i ordered on, it arrived, it arrived on, it came, it came on,
    the date is, the date was, from, since, about, around, maybe, probably, i was born on, i was born,
    my birthday is, my date of birth is, for
"""
MONEY_OPENINGS = """
    it's, it is, it was, that's, that was, that is, about, around, roughly, exactly, approximately, almost,
    nearly, some, the amount is, the amount was, the price is, the price was, the total is, the total was,
    i paid, i think, it cost, it costs, i was charged, a total of, only, just, i think it was, maybe
"""
MONEY_UNITS = """
    dollar, dollars, euro, euros, pound, pounds, buck, bucks, quid, yuan, yen, usd, eur, gbp, us dollars,
    cent, cents, pence, penny
"""
NUMBER_WORDS = """
    a, half, hundred, thousand, million, and, point, ten, eleven, twelve, thirteen, fourteen, fifteen,
    sixteen, seventeen, eighteen, nineteen, twenty, thirty, forty, fifty, sixty, seventy, eighty, ninety,
    zero, oh, one, two, three, four, five, six, seven, eight, nine
"""
