//! The truth about stock: what was asked for, given out and left, by product, site and day.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use crate::event::SiteId;
use crate::name::Names;

/// A product at a site when a day ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closing {
    pub(crate) product: usize,
    pub(crate) site: SiteId,
    pub(crate) day: u32,
    pub(crate) demand: u32,
    pub(crate) dispensed: u32,
    pub(crate) on_hand: u32,
}

/// Days in a row that ended with nothing on the shelf.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spell {
    pub(crate) product: usize,
    pub(crate) site: SiteId,
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// Packs that were asked for and not there.
    pub(crate) lost: u32,
}

/// `demand.csv` and `stockouts.csv`.
pub(crate) struct StockFiles {
    demand: csv::Writer<BufWriter<File>>,
    stockouts: csv::Writer<BufWriter<File>>,
}

impl StockFiles {
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        let open =
            |name: &str| File::create(folder.join(name)).map(|file| csv::Writer::from_writer(BufWriter::new(file)));
        let (mut demand, mut stockouts) = (open("demand.csv")?, open("stockouts.csv")?);
        demand.write_record(["gtin", "gln", "day", "demand", "dispensed", "on_hand"])?;
        stockouts.write_record(["gtin", "gln", "from", "to", "lost"])?;
        Ok(Self { demand, stockouts })
    }

    pub(crate) fn write(&mut self, names: &Names<'_>, closings: &[Closing], spells: &[Spell]) -> io::Result<()> {
        for row in closings {
            let [gtin, gln] = keys(names, row.product, row.site);
            let day = names.day(row.day).to_string();
            let [demand, dispensed, on_hand] = [row.demand, row.dispensed, row.on_hand].map(|count| count.to_string());
            self.demand.write_record([gtin, gln, day, demand, dispensed, on_hand])?;
        }
        for row in spells {
            let [gtin, gln] = keys(names, row.product, row.site);
            let [from, to] = [row.from, row.to].map(|day| names.day(day).to_string());
            self.stockouts.write_record([gtin, gln, from, to, row.lost.to_string()])?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.demand.flush()?;
        self.stockouts.flush()
    }
}

fn keys(names: &Names<'_>, product: usize, site: SiteId) -> [String; 2] {
    let gtin = format!("{:014}", names.network.products[product].gtin);
    [gtin, format!("{:013}", names.network.sites[site].gln)]
}
