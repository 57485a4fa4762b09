# The shipping desk.
desk-shipping = Shipping
ship-parts = Parts of the desk
ship-start = Overview
ship-handoffs = Handoffs
ship-offer = Ship
ship-files = Files
ship-more = Next page
ship-all = Show all
ship-show = Show
ship-offline = The network is gone. Nothing was sent and nothing is lost: what you scanned and typed is kept in this tab. Send it again when the network is back.
ship-sending = Sending…
ship-failed = The node did not answer as expected. It is safe to send this again: it happens once.
ship-nothing = Nothing scanned yet.
ship-twice = This is in the list already:
ship-counted = In the list: {"{"}count{"}"}
ship-remove = Remove
ship-kept = Recorded, entry {"{"}index{"}"} of the ledger.
ship-uploading = The file is being sent
ship-one-file = Choose one file.
ship-full = That is as much as one handoff takes. Send this, then go on with the rest.

ship-waiting-in = Arrivals that wait for you
ship-waiting-in-none = Nothing is on its way to you.
ship-waiting-out = On the way from you
ship-waiting-out-none = Everything that you sent was answered.
ship-last-files = Last files

ship-side = Direction
ship-side-both = In and out
ship-side-incoming = To us
ship-side-outgoing = From us
ship-state = State
ship-state-any = Any
ship-handoffs-none = No handoffs here.
ship-items = { $count ->
    [one] { $count } item
   *[other] { $count } items
}
ship-discrepancies = { $count ->
    [one] { $count } not as offered
   *[other] { $count } not as offered
}
handoff-offered = Waits for an answer
handoff-accepted = Accepted
handoff-in-part = Accepted in part
handoff-rejected = Refused
handoff-withdrawn = Taken back
ship-from = From { $member }
ship-to = To { $member }
ship-return-from = Return from { $member }
ship-return-to = Return to { $member }
ship-offered-at = Sent
ship-answered-at = Answered
ship-offered-count = Items offered
ship-not-as-offered = Not as offered
ship-entry = Entry of the ledger
ship-what = What it is about
ship-check-off = Scan what arrived
ship-check-off-how = Each scan ticks an item off; what was never offered is noted as extra.
ship-arrived = Arrived
ship-missing = Missing
ship-damaged = Damaged
ship-refused = Not wanted
ship-surplus = Extra, never offered
ship-surplus-noted = This was never offered. It is noted as extra; it does not become yours.
ship-accepted = Accepted
ship-unanswered = Not answered
ship-rest-missing = What was not scanned is missing
ship-accept = Accept what arrived
ship-accept-how = What is marked as missing, damaged or not wanted stays the sender's, who is told.
ship-reject = Refuse all
ship-reject-how = Everything that is still open stays the sender's.
ship-withdraw = Take it back
ship-withdraw-how = What has no answer yet can be taken back.

ship-scan = Scan what shall go
ship-scan-how = Scan each pallet, case or loose pack. What lies in a container comes along.
ship-take = Take
ship-receiver = To whom
ship-choose = Choose…
ship-kind = Kind
ship-kind-shipment = Shipment
ship-kind-return = Return
ship-send = Send
ship-clear = Clear the list
ship-send-how = It stays yours until the receiver accepts it.

ship-drop = Hand a file in
ship-drop-here = Drop an EPCIS file or a table here, or choose one:
ship-drop-how = EPCIS 1.2 or 2.0 as XML or JSON-LD, compressed (gzip) or not, or a table as CSV.
ship-behaviour = If an event is wrong
ship-rollback = Keep nothing of the file
ship-proceed = Keep what is sound
ship-hand-in = Hand in
ship-files-done = Handed in
ship-files-none = No file was handed in yet.
ship-table = A table in place of EPCIS
ship-table-how = The first row names the columns. Each row below names one item; rows below each other that say the same of several are one event.
ship-table-example = An example to fill in
column-event = commission, pack, unpack, ship, return, receive or destroy
column-time = When, with the offset from UTC: 2026-11-22T08:30:00+01:00
column-item = The pack or container as a scanner reads it. Empty with unpack: all of it.
column-container = The SSCC of the container, for pack and unpack
column-lot = The lot, for commission; the item's own code may say it
column-expiry = The last day of use, for commission: 2028-02-29
column-partner = GLN of the receiver (ship, return) or the sender (receive)
column-place = GLN of your own place; may be empty
form-table = Table (CSV)
job-title = What came of the file
job-queued = Waits
job-running = Being worked through
job-succeeded = Everything is on the ledger
job-in-part = On the ledger in part
job-failed = Nothing of it is on the ledger
job-captured = { $count ->
    [one] { $count } event kept
   *[other] { $count } events kept
}
job-form = Form
job-received = Received
job-events = Events read
job-kept = Events on the ledger
job-errors = Errors
job-reload = Look again
job-what-is-wrong = What is wrong
job-event = Event { $number }
job-document = The file itself
job-line = line { $number }
job-column = column
job-again = Correct the file and hand it in again. What is on the ledger already is recognised and not done twice.

item-not-serialised = This code names a product and no single pack. Scan the code with the serial number.
item-children = { $count ->
    [0] Empty
    [one] { $count } item directly in it
   *[other] { $count } items directly in it
}
item-lot = lot { $lot }
item-expiry = expires { $day }
item-unknown = No such pack or container is on the ledger.
item-not-yours = The ledger says that somebody else holds it.
item-offered-to-you = It is on its way to you and not accepted yet.
item-ended = It is no longer in the trade.
item-offered = It is offered to { $member } already.
item-in-container = It lies in a container. Scan the container, or unpack it first.
item-recalled = It is recalled (class { $class }).
item-quarantined = It is set apart while it is looked into.
item-expired = It is past its expiry date.
item-ready = Yours, and in the trade

ship-make = Make
make-product = Product (GTIN)
make-lot = Lot
make-expiry = Last day of use
make-expiry-how = A lot has one expiry date: of a lot that is on the ledger it may be left empty. A new lot is registered with its first packs.
make-serials = Serial numbers, one a line
make-count = or so many new ones
make-serials-how = Type or scan the numbers, or have them made: unguessable, twelve letters and digits each.
make-now = Make the packs
ship-pack = Pack
pack-scan = Scan the container, then what goes into it
pack-scan-how = The first case or pallet (SSCC) is the container; what is scanned after it is the content.
pack-container = Container
pack-container-how = Its SSCC; a new one begins with the first packing.
pack-other = Another container
pack-items = Content
pack-now = Pack it in
pack-unpack = Take it out
pack-unpack-how = To empty a container, scan it alone and take it out.
pack-new = Labels for new containers
pack-new-how = Numbers begin with your GS1 company prefix. Use each serial reference once.
pack-prefix = GS1 company prefix
pack-from = First serial reference
pack-number = How many
pack-labels = Show labels
label-title = Labels
label-pdf = As PDF, in true size
label-print = Print this page
label-count = { $count ->
    [one] { $count } label.
   *[other] { $count } labels.
}
label-how = The PDF has packs on sheets of 21 (A4, three by seven) and each container on A6, with modules as wide as the GS1 General Specifications ask.

ship-recalls = Recalls
recall-call = Call a recall
recall-none = Nothing is recalled.
recall-class = Class { $class }
recall-ended = Ended
recall-items = { $count ->
    [one] { $count } pack or container
   *[other] { $count } packs or containers
}
recall-lot = Lot { $lot }
recall-product = { $product }, every lot
recall-scan = Scan single packs or cases
recall-scan-how = Only for a recall of what is scanned; for a lot or product choose it below.
recall-what = What is recalled
recall-a-lot = A lot
recall-a-product = A product, every lot of it
recall-packs = Single packs
recall-scanned = What was scanned
recall-how-severe = How severe
recall-class-1 = Class 1: may endanger life or health gravely
recall-class-2 = Class 2: may harm, and not gravely
recall-class-3 = Class 3: harms hardly anybody, and is not as it must be
recall-reason = Reason
recall-instructions = What holders shall do
recall-all-read = Every member reads the reason. From then on no pack of it may be dispensed, wherever it is.
recall-now = Recall
recall-severity = Severity
recall-by = Called by
recall-at = Called
recall-reach = Where the packs are now
recall-nobody = Nobody holds a pack of it.
recall-all-answered = Every holder has answered.
recall-silent = { $count ->
    [one] { $count } holder has not answered.
   *[other] { $count } holders have not answered.
}
recall-cut = Only the first { $count } packs were counted.
recall-reach-how = A holder has answered when it has set apart, sent back, or taken out of the trade all that it holds. A case or pallet that was recalled by itself counts as one.
recall-own-only = You see what your own organisation holds of it. Set it apart, send it back, or take it out of the trade.
recall-holder = Holder
recall-answered = Answered
recall-open = On the shelf
recall-set-apart = Set apart
recall-on-the-way = On the way
recall-supplied = Supplied
recall-removed = Out of the trade
recall-yes = Yes
recall-no = Not yet

ship-trace = Trace
trace-scan = Scan a pack or container
trace-scan-how = Its transaction information, history and statements appear, as far as they concern your organisation.
trace-now = Trace
trace-nothing = The ledger has no such pack, or it was never yours: its papers are not yours to see.
trace-unread = This is no code of a pack or container. Scan it again.
trace-print = Print
trace-product = Transaction information
trace-name = Name of the product
trace-strength = Strength
trace-form = Dosage form
trace-ndc = National Drug Code
trace-package = Size of the package
trace-identifier = Product identifier
trace-lot = Lot
trace-expiry = Expiry
trace-count = Number of packages
trace-maker = Manufacturer
trace-made = Made
trace-history = Transaction history
trace-no-transfer = It has not changed hands, as far as your organisation may see.
trace-from = Transferred from
trace-to = Transferred to
trace-transferred = Date of the transaction
trace-shipped = Date of shipment
trace-proof = Entry of the ledger
trace-gln = GLN
trace-statement = The transaction statement below is owed by { $member } for this transfer.
trace-cut = The oldest part is left out, because the history is too long.
trace-yours = Shown are the transfers to which your organisation was party. Who came before has theirs.
trace-statements = Transaction statement
trace-law = Section 581(27) of the Federal Food, Drug, and Cosmetic Act. Who transferred ownership states that it
trace-law-authorized = is authorized as the Act requires;
trace-law-received = received the product from a person that is authorized as the Act requires;
trace-law-documents = received transaction information and a transaction statement from the owner before, as the Act requires;
trace-law-suspect = did not knowingly ship a suspect or illegitimate product;
trace-law-systems = had systems and processes in place to comply with the Act's verification requirements;
trace-law-false = did not knowingly provide false transaction information;
trace-law-altered = did not knowingly alter the transaction history.
trace-printed = As of
trace-member = for

ship-what-else = What else there is
ship-send-back = Send goods back
ship-see-recalls = See what is recalled, and what of it is here
ship-see-papers = See and print a pack's papers

recall-apart = Set it apart
recall-apart-scan = Scan what of it lies here
recall-apart-how = Each pack or case that you scan is set apart until it is sent back or destroyed.
recall-apart-now = Set apart
