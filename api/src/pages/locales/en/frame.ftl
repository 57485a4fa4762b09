# What stands around every page, and the sign-in.
skip = Skip to the content
navigation = Desks
sign-out = Sign out
to-the-start = To the start
close = Close

desk-counter = Counter
desk-me = My medicine record
desk-stock = Stock

role-manufacturer = Manufacturer
role-distributor = Distributor
role-pharmacy = Pharmacy
role-regulator = Regulator
role-payer = Payer
role-patient = Patient
role-operator = Operator

sign-in = Sign in
sign-in-with = Sign in with { $issuer }
sign-in-again = Sign in again
signed-in = You are signed in
signed-in-close = Close this window and go on where you were.
session-over = Your session has ended. Nothing is lost: sign in again, and what waits here goes on.
no-issuer = This node has no way to sign in here. Its operator sets one up under auth.issuers in the configuration, with a client_id.
welcome = Veridose records every handoff of medicine packs on a ledger that no member can rewrite, and tells at the counter whether a pack may be dispensed.
trial = Try it out
trial-people = This is a trial network of invented companies on this machine. Become one of its people:
person-pharmacist = Pharmacist
person-pharmacist-does = Harbour Pharmacy: scans packs and dispenses them
person-other-pharmacist = Another pharmacist
person-other-pharmacist-does = Station Pharmacy, across town
person-shipping-clerk = Shipping clerk
person-shipping-clerk-does = Alpine Pharma: makes packs and ships them
person-wholesaler = Wholesaler
person-wholesaler-does = North Wholesale: receives and ships on
person-other-wholesaler = Another wholesaler
person-other-wholesaler-does = South Wholesale
person-inspector = Inspector
person-inspector-does = Medicines Agency: looks into cases, recalls lots
person-patient = Patient
person-patient-does = Decides who may record what, and sees who looked
person-operator = Operator
person-operator-does = Keeps the node running; sees no trade

problem = That did not work
problem-instance = If you ask for help, name this request:
no-desk = No desk for your role
no-desk-how = There are no pages for your role here. All that it may do can be done by the API, with the same rights.
api-docs = The API
