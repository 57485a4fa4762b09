# Was um jede Seite steht, und die Anmeldung.
skip = Zum Inhalt springen
navigation = Arbeitsplätze
sign-out = Abmelden
to-the-start = Zum Anfang
close = Schließen

desk-counter = Abgabe
desk-me = Meine Arzneimittelakte
desk-stock = Bestände

role-manufacturer = Hersteller
role-distributor = Großhandel
role-pharmacy = Apotheke
role-regulator = Behörde
role-payer = Kostenträger
role-patient = Patient
role-operator = Betrieb

sign-in = Anmelden
sign-in-with = Anmelden mit { $issuer }
sign-in-again = Neu anmelden
signed-in = Sie sind angemeldet
signed-in-close = Schließen Sie dieses Fenster und machen Sie dort weiter, wo Sie waren.
session-over = Ihre Sitzung ist zu Ende. Nichts ist verloren: Melden Sie sich neu an, dann geht weiter, was hier wartet.
no-issuer = An diesem Knoten kann man sich noch nicht anmelden. Wer ihn betreibt, richtet das in der Konfiguration unter auth.issuers mit einer client_id ein.
welcome = Veridose hält jede Übergabe von Arzneimittelpackungen in einem Register fest, das kein Mitglied umschreiben kann, und sagt bei der Abgabe, ob eine Packung abgegeben werden darf.
trial = Ausprobieren
trial-people = Dies ist ein Probenetz erfundener Firmen auf diesem Rechner. Werden Sie eine der Personen:
person-pharmacist = Apothekerin
person-pharmacist-does = Harbour Pharmacy: prüft Packungen und gibt sie ab
person-other-pharmacist = Zweite Apothekerin
person-other-pharmacist-does = Station Pharmacy, am anderen Ende der Stadt
person-shipping-clerk = Versand
person-shipping-clerk-does = Alpine Pharma: stellt Packungen her und verschickt sie
person-wholesaler = Großhändler
person-wholesaler-does = North Wholesale: nimmt an und liefert weiter
person-other-wholesaler = Zweiter Großhändler
person-other-wholesaler-does = South Wholesale
person-inspector = Inspektorin
person-inspector-does = Medicines Agency: geht Fällen nach, ruft Chargen zurück
person-patient = Patient
person-patient-does = Entscheidet, wer was aufzeichnen darf, und sieht, wer nachgesehen hat
person-operator = Betrieb
person-operator-does = Hält den Knoten am Laufen; sieht nichts vom Handel

problem = Das hat nicht geklappt
problem-instance = Wenn Sie um Hilfe bitten, nennen Sie diese Anfrage:
no-desk = Kein Arbeitsplatz für Ihre Rolle
no-desk-how = Für Ihre Rolle gibt es hier keine Seiten. Alles, was sie darf, geht über die API, mit denselben Rechten.
api-docs = Die API
