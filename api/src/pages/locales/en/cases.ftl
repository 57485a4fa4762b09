# The regulator's cases.
desk-cases = Cases
cases-ranked = Ranked list
cases-filter = Filter the cases
cases-found = { $count ->
    [one] 1 case
   *[other] { $count } cases
}
cases-none = No case meets this.
cases-cut = Only the latest { $count } cases were looked at. Choose days, or another state, to see older ones.
cases-csv = Download as CSV
pages = Pages
page-before = ← Before
page-next = Next →
page-of = Page { $page } of { $pages }
filter-text = Words, packs, codes
filter-state = State
filter-now = Filter
filter-more = More filters
filter-none = Take all filters away
filter-any = any
filter-code = What was found
filter-severity = How grave
filter-party = Member concerned
filter-product = GTIN, or a part of it
filter-lot = Lot
filter-from = Raised from
filter-to = Raised until
filter-mine = Only those that my authority has
views-title = My lists
views-none = Name the present filters to find them here again.
views-name = Name for the list shown
views-save = Keep this list
views-remove = Forget the list { $name }
views-saved = The list is kept.
views-removed = The list is forgotten.

case-state-open = all that are open
case-state-all = all
case-state-new = new
case-state-investigating = investigated
case-state-escalated = escalated
case-state-closed = closed
case-outcome-technical = technical fault
case-outcome-process = wrong handling
case-outcome-falsified = falsified
case-outcome-diverted = diverted
case-outcome-stolen = stolen
case-severity-alert = Alert
case-severity-warning = Warning
case-severity-notice = Notice
case-sure = sure
case-reported = reported
case-sealed = A case whose document is not here
case-sealed-how = This node cannot open what the case is about: ask the member that raised it.
case-packs = { $count ->
    [0] no packs named
    [one] 1 pack or container
   *[other] { $count } packs and containers
}
case-packs-more = and { $count } more
case-raised-by = raised by { $party }
case-with = with { $party }
clock-left = Trading partners and the authority must know within 24 hours: { $span } left, until { $at } (DSCSA).
clock-over = Trading partners and the authority had to know by { $at }: { $span } ago (DSCSA, 24 hours).

case-why = Why
case-why-leap = { $from }, { $at }; then { $to } only { $span } later. Sure to { $sure } %.
case-why-leap-far = { $from }, { $at }; then { $to }, { $km } km away, only { $span } later. Sure to { $sure } %.
case-why-events = { $count ->
    [one] One event proves it
   *[other] { $count } events prove it
}, first at { $place }, { $at }. Sure to { $sure } %.
case-score = { $score } % sure that at least one of these is right
case-parts-how = What each part adds to that (for codes the logarithm of the doubt that it takes away):
case-finder = The finder's own words
case-said = In the words of who raised it
case-path = Path of the pack
case-path-cut = the older part is left out
case-path-none = Nothing is known of where this pack was.
case-path-drawn = Path over { $count } stops; the same stands in the table of events
case-map = Map of the places
case-map-none = Nobody told where these places lie: members say it in the master data of the files that they send.
case-map-source = Numbers are the stops of the path, a dashed line with ⚠ is an odd hop. Land and borders: Natural Earth, simplified.
map-number = Stop
map-place = Place
map-country = Country
map-position = Latitude, longitude
case-evidence = Events and their proofs
case-evidence-how = An event of the ledger has a receipt: its path of hashes up to a checkpoint that the log's key signed. Your browser checks both itself.
evidence-when = When
evidence-what = What
evidence-where = Where and who
evidence-proof = Proof
evidence-is = evidence
evidence-entry = Entry { $index }
evidence-no-entry = A scan: it stands on no ledger, so there is nothing to check.
proof-check = Check the proofs
case-facts = The case
case-name = Name
case-raised = Raised
case-raised-who = Raised by
case-assignee = With
case-parties = Members concerned
case-steps = What was done
case-step-assign = Assigned to
case-step-escalate = Escalated
case-step-close = Closed
case-step-reopen = Opened again
case-step-quarantine = Set apart
case-step-release = Released
case-similar = Similar cases
case-similar-none = No open or closed case shares anything with this one.
case-shared = Same:
shared-lot = lot { $lot }
place-unknown = place not told

case-acts = What to do
act-assign = Assign
act-assign-to = To which authority
act-escalate = Escalate
act-close = Close
act-close-how = Falsified, diverted and stolen start the 24 hours in which trading partners and the authority must know.
act-reopen = Open again
act-quarantine = Set apart
act-quarantine-how = What is set apart is not to be dispensed or shipped anywhere until it is released.
act-quarantine-what = What is set apart
act-quarantine-items = { $count ->
    [one] the pack that the case names
   *[other] the { $count } packs and containers that the case names
}
act-quarantine-lot = lot { $lot } of { $gtin }
act-outcome = What it turned out to be
act-choose = choose
act-note = Note
case-form = Form FDA 3911 (PDF)
case-done-assign = The case is assigned.
case-done-escalate = The case is escalated.
case-done-close = The case is closed.
case-done-reopen = The case is open again.
case-done-quarantine = It is set apart.

span-days = { $count } d
span-hours = { $count } h
span-seconds = { $count } s
span-minutes = { $count } min

cases-statistics = Statistics
statistics-from = From
statistics-to = To
statistics-show = Show
statistics-alerts = Alerts
statistics-scans = Scans
statistics-rate = Alerts for a million scans
statistics-how = An alert is a case that was raised in these days, whatever became of it. A scan is one pack that was verified, dispensed or taken out of the trade. When Slovenia's system had settled it raised some 300 alerts for a million scans.
statistics-days = Alerts by day
statistics-day = Day
statistics-as-table = The same as a table
statistics-code = By what was found
statistics-party = By member
statistics-outcome = What they turned out to be
case-outcome-open = not closed
live-cases = New or changed cases since you opened this page: { $count }
statistics-none = None in these days.
